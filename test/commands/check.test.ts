import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerCheck as register } from '../../src/commands/check.ts';
import type { CommandIo } from '../../src/commands/command-io.ts';
import { pem, pemFile, SERVER_FILES } from '../receivers/tcp/tls-under-test.ts';
import { runCommand } from './command-under-test.ts';

const VALID_TO = new Date(new X509Certificate(pem('localhost', 'certificate')).validTo).getTime();
let now = VALID_TO;
const registerCheck = (program: Command, io: CommandIo) => register(program, io, () => now);

describe('headcount check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headcount-check-'));
    writeFileSync(join(folder, 'bad.yaml'), 'reciever: []\napi: { port: abc }\n');
    writeFileSync(join(folder, 'good.yaml'), 'api: { port: 0 }\nblacklist: [ { directory: INTERNAL } ]\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes every problem on a line of its own to stderr and exits with 78', async () => {
    const { stdout, stderr, exitCode } = await runCommand(
      registerCheck,
      ['check', '--config', 'bad.yaml'],
      folder,
    );
    expect(stderr).toBe(
      'bad.yaml:1:1 reciever: unknown key, did you mean "receivers"?\n' +
        'bad.yaml:2:14 api.port: expected integer 0-65535, got "abc"\n',
    );
    expect([stdout, exitCode]).toEqual(['', 78]);
  });

  it('says in plain words what a good file would do', async () => {
    const { stdout, stderr, exitCode } = await runCommand(
      registerCheck,
      ['check', '--config', 'good.yaml'],
      folder,
    );
    expect(stdout).toBe(
      [
        'good.yaml: ok',
        '  receives on UDP [::]:9997 (open to the network), TCP 127.0.0.1:9998',
        '  answers on http://127.0.0.1:0 (any free port)',
        `  keeps 90d, at most 10GB, in ${join(folder, 'data')}`,
        '  sends to no sink; blacklist rules: 1',
        '  ends a session 35m after its last activity',
        '',
      ].join('\n'),
    );
    expect([stderr, exitCode]).toEqual(['', 0]);
  });

  it.skipIf(process.platform !== 'linux')(
    'says that a store cannot be made where a start would fail, and leaves nothing behind where it can (Linux only)',
    async () => {
      const ofStore = (path: string) => {
        writeFileSync(join(folder, 'store.yaml'), `store: { path: ${path} }\n`);
        return runCommand(registerCheck, ['check', '--config', 'store.yaml'], folder);
      };
      const { stderr, exitCode } = await ofStore('/proc/nope/x');
      expect(stderr).toMatch(/^store\.yaml:1:16 store\.path: nothing can be made in \/proc: ENOENT.*\n$/);
      expect(exitCode).toBe(78);
      expect((await ofStore('data/deeper')).exitCode).toBe(0);
      expect(readdirSync(folder).filter((name) => !name.endsWith('.yaml'))).toEqual([]);
    },
  );

  it('says what a receiver without an address of its own does in its place', async () => {
    writeFileSync(
      join(folder, 'http.yaml'),
      'receivers: [ { type: http }, { type: udp, host: 127.0.0.1 } ]\n',
    );
    const { stdout } = await runCommand(registerCheck, ['check', '--config', 'http.yaml'], folder);
    expect(stdout).toContain('  receives on HTTP (POST /api/v1/events of the API), UDP 127.0.0.1:9997\n');
  });

  it('says who may send, which receivers have TLS, and who may ask the API under which names', async () => {
    const tls = { ...SERVER_FILES, ca: SERVER_FILES.cert, clientCertificates: 'require' };
    const config = {
      receivers: [
        { type: 'udp', allow: ['10.1.0.21', '10.2.0.0/16', '::1'] },
        { type: 'tcp', host: '0.0.0.0', port: 1, tls: { ...SERVER_FILES } },
        { type: 'tcp', port: 2, tls, allow: ['10.1.0.5'] },
      ],
      api: {
        hosts: ['Headcount.example.com', 'hc'],
        tokens: [
          { name: 'prometheus', token: 'secret-of-prometheus' },
          { name: 'agent', token: 'secret-of-the-agent', scopes: ['read', 'ingest'] },
        ],
      },
    };
    writeFileSync(join(folder, 'access.yaml'), JSON.stringify(config));
    const { stdout, stderr, exitCode } = await runCommand(
      (program, io) => register(program, io, () => VALID_TO),
      ['check', '--config', 'access.yaml'],
      folder,
    );
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout.split('\n').slice(1, 5)).toEqual([
      '  receives on UDP [::]:9997 (allow: 3 entries), ' +
        'TCP 0.0.0.0:1 (open to the network; TLS, client certificates: none), ' +
        'TCP 127.0.0.1:2 (allow: 1 entry; TLS, client certificates: require)',
      '  answers on http://127.0.0.1:9999',
      '  answers to the names headcount.example.com, hc',
      '  API tokens: prometheus (read), agent (read, ingest)',
    ]);
    expect(stdout).not.toContain('secret');
  });

  it('fills in the environment, and says where a variable is missing', async () => {
    writeFileSync(join(folder, 'filled.yaml'), `store: { path: "/srv/\${FOLDER}" }\n`);
    const argv = ['check', '--config', 'filled.yaml'];
    const { stdout } = await runCommand(registerCheck, argv, folder, { FOLDER: 'headcount' });
    expect(stdout).toContain(' in /srv/headcount\n');
    const { stderr, exitCode } = await runCommand(registerCheck, argv, folder);
    expect(stderr).toBe('filled.yaml:1:16 store.path: environment variable FOLDER is not set\n');
    expect(exitCode).toBe(78);
  });

  it('says that the defaults apply where there is no file', async () => {
    const { stdout, exitCode } = await runCommand(registerCheck, ['check'], folder);
    expect(stdout).toMatch(/^no config\.yaml here, the defaults apply: ok\n/);
    expect(exitCode).toBe(0);
  });

  it('finds at once everything that is wrong with what the file names', async () => {
    writeFileSync(join(folder, 'garbage.pem'), 'no certificate');
    writeFileSync(
      join(folder, 'names.yaml'),
      `receivers:
  - { type: tcp, tls: { cert: no-cert.pem, key: no-key.pem } }
apps: { file: no-apps.csv }
api:
  tokens:
    - { name: a, tokenFile: no-token-a }
    - { name: b, tokenFile: no-token-b }
store: { path: good.yaml/data }
sinks:
  - { type: questdb, name: one, url: "https://db:9000", tls: { ca: no-ca.pem } }
  - { type: questdb, name: two, url: "https://db:9000", tls: { ca: garbage.pem } }
`,
    );
    const { stderr, exitCode } = await runCommand(registerCheck, ['check', '--config', 'names.yaml'], folder);
    const found = stderr.trimEnd().split('\n');
    expect(found.map((line) => /^names\.yaml:(\d+):\d+ (\S+?):? /.exec(line)?.slice(1).join(' '))).toEqual([
      '2 receivers[0].tls.cert',
      '2 receivers[0].tls.key',
      '3 apps.file',
      '6 api.tokens[0].tokenFile',
      '7 api.tokens[1].tokenFile',
      '8 store.path',
      '10 sinks[0].tls.ca',
      '11 sinks[1].tls.ca',
    ]);
    expect(exitCode).toBe(78);
  });

  it.each([
    ['api: { port: 9998 }', '1:14 api.port: receivers[1] listens at 9998, too'],
    [
      'receivers:\n  - type: tcp\n    port: 9999',
      '3:11 receivers[0].port: the API listens at 9999, too: set api.port',
    ],
    [
      'api:\n  port: 8000\nreceivers:\n  - type: tcp\n    host: "::"\n    port: 8000',
      '2:9 api.port: receivers[0] listens at 8000, too: yours, line 6',
    ],
  ])('refuses TCP and API at one port: %j', async (text, problem) => {
    writeFileSync(join(folder, 'ports.yaml'), `${text}\n`);
    const { stderr } = await runCommand(registerCheck, ['check', '--config', 'ports.yaml'], folder);
    expect(stderr).toBe(`ports.yaml:${problem}\n`);
  });

  it('has nothing against UDP and API at one port, nor against TCP at another address', async () => {
    writeFileSync(
      join(folder, 'ports.yaml'),
      'receivers: [ { type: udp, port: 9999 }, { type: tcp, host: 192.0.2.1, port: 9999 } ]\n',
    );
    const { exitCode } = await runCommand(registerCheck, ['check', '--config', 'ports.yaml'], folder);
    expect(exitCode).toBe(0);
  });

  it('exits with 78 when a named file is missing', async () => {
    const { stderr, exitCode } = await runCommand(registerCheck, ['check', '--config', 'gone.yaml'], folder);
    expect([stderr, exitCode]).toEqual(['gone.yaml: there is no such file\n', 78]);
  });

  describe('of TLS', () => {
    const check = (...tls: readonly object[]) => {
      const receivers = tls.map((files, n) => ({ type: 'tcp', port: n, tls: { ...SERVER_FILES, ...files } }));
      writeFileSync(join(folder, 'tls.yaml'), JSON.stringify({ receivers }));
      return runCommand(registerCheck, ['check', '--config', 'tls.yaml'], folder);
    };

    it('is content with files that go together', async () => {
      expect(await check({})).toMatchObject({ stderr: '', exitCode: 0 });
    });

    it('says what is wrong with the files of every receiver', async () => {
      const { cert } = SERVER_FILES;
      const gone = join(folder, 'gone.pem');
      const { stdout, stderr, exitCode } = await check(
        { cert: gone },
        { key: 'gone.key' },
        { key: pemFile('renewed', 'key') },
        { cert: SERVER_FILES.key },
        { ca: folder, clientCertificates: 'require' },
      );
      const at = (place: string) => `^tls\\.yaml:1:\\d+ receivers\\[${place.replace('.', '\\]\\.tls\\.')}: `;
      expect(stderr.split('\n')).toEqual(
        [
          `${at('0.cert')}cannot read tls\\.cert: ENOENT: no such file or directory, open '${gone}'$`,
          `${at('1.key')}cannot read tls\\.key: ENOENT`,
          `${at('2.key')}tls\\.cert .* with tls\\.key .*key values mismatch$`,
          `${at('3.cert')}tls\\.cert: ${SERVER_FILES.key} has no certificate in PEM$`,
          `${at('4.ca')}cannot read tls\\.ca: EISDIR: illegal operation on a directory, read$`,
          '^$',
        ].map((line) => expect.stringMatching(line)),
      );
      expect(stderr).toContain(join(folder, 'gone.key'));
      expect(stderr).not.toContain(`${cert}:`);
      expect([stdout, exitCode]).toEqual(['', 78]);
    });

    it('says that a certificate has expired', async () => {
      now = VALID_TO + 1;
      const { stderr, exitCode } = await check({});
      const end = new Date(VALID_TO).toISOString();
      expect(stderr).toMatch(/^tls\.yaml:1:\d+ receivers\[0\]\.tls\.cert: /);
      expect(stderr).toContain(`tls.cert ${SERVER_FILES.cert}: expired on ${end}\n`);
      expect(exitCode).toBe(78);
    });
  });

  describe('of polls', () => {
    const sense = (name: string) => resolve(import.meta.dirname, `../cases/tls-sense/${name}.pem`);
    const check = (cert: string, key: string) => {
      const yaml = [
        'receivers:',
        '  - type: qps',
        '    certificates:',
        `      cert: ${sense(cert)}`,
        `      key: ${sense(key)}`,
        `      ca: ${sense('root')}`,
        '    servers:',
        '      - { host: sense1, virtualProxies: [ /, /sales ] }',
      ];
      writeFileSync(join(folder, 'polls.yaml'), yaml.join('\n'));
      return runCommand(registerCheck, ['check', '--config', 'polls.yaml'], folder);
    };
    const END = Date.parse('2120-01-01T00:00:00Z');

    it('says whom it would ask, and nothing of certificates that are good', async () => {
      now = Date.parse('2026-11-28T10:00:00Z');
      const { stdout, stderr, exitCode } = await check('client', 'client_key');
      expect(stdout).toContain('  receives on QPS (sense1:4243 / /sales; every 30s)\n');
      expect([stdout.includes('to know'), stderr, exitCode]).toEqual([false, '', 0]);
    });

    it('says where a certificate is named that will soon expire, and is content', async () => {
      now = END - 10 * 86_400_000;
      const { stdout, stderr, exitCode } = await check('client', 'client_key');
      expect(stdout).toContain(
        `  to know: polls.yaml:4:13 receivers[0].certificates.cert: certificates.cert ${sense('client')}: expires in 10 days`,
      );
      expect(stdout).toContain('  to know: polls.yaml:6:11 receivers[0].certificates.ca: ');
      expect([stderr, exitCode]).toEqual(['', 0]);
    });

    it('says the same of the certificates for names of apps', async () => {
      now = Date.parse('2026-11-28T10:00:00Z');
      const checkNames = (cert: string) => {
        const certificates = { cert: sense(cert), key: sense('client_key'), ca: sense('root') };
        const config = { receivers: [], apps: { qrs: { host: 'sense1', certificates } } };
        writeFileSync(join(folder, 'names.yaml'), JSON.stringify(config));
        return runCommand(registerCheck, ['check', '--config', 'names.yaml'], folder);
      };
      const { stdout, exitCode } = await checkNames('client');
      expect(stdout).toContain('  asks sense1:4242 for names of apps every 1h\n');
      expect(exitCode).toBe(0);
      expect(await checkNames('gone')).toMatchObject({
        stderr: expect.stringMatching(/^names\.yaml:1:\d+ apps\.qrs\.certificates\.cert: cannot read/),
        exitCode: 78,
      });
    });

    it.each([
      [
        'expired-client',
        'expired-client_key',
        '4:13 receivers[0].certificates.cert: ',
        'expired on 2021-01-01',
      ],
      ['client', 'server_key', '5:12 receivers[0].certificates.key: ', 'key values mismatch'],
      ['client', 'encrypted_key', '5:12 receivers[0].certificates.key: ', 'is encrypted; export it without'],
      ['gone', 'client_key', '4:13 receivers[0].certificates.cert: ', 'ENOENT: no such file'],
    ])('says what is wrong with %s and %s, and where they are named', async (cert, key, place, text) => {
      now = Date.parse('2026-11-28T10:00:00Z');
      const { stderr, exitCode } = await check(cert, key);
      expect(stderr).toMatch(/^polls\.yaml:.*\n$/);
      expect(stderr).toContain(`polls.yaml:${place}`);
      expect(stderr).toContain(text);
      expect(exitCode).toBe(78);
    });
  });
});
