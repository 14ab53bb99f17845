import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      expect(stderr.split('\n')).toEqual([
        `tcp 127.0.0.1:0: cannot read tls.cert: ENOENT: no such file or directory, open '${gone}'`,
        expect.stringContaining(`tcp 127.0.0.1:1: cannot read tls.key: ENOENT`),
        expect.stringMatching(/^tcp 127\.0\.0\.1:2: tls\.cert .* with tls\.key .*key values mismatch$/),
        `tcp 127.0.0.1:3: tls.cert: ${SERVER_FILES.key} has no certificate in PEM`,
        'tcp 127.0.0.1:4: cannot read tls.ca: EISDIR: illegal operation on a directory, read',
        '',
      ]);
      expect(stderr).toContain(join(folder, 'gone.key'));
      expect(stderr).not.toContain(`${cert}:`);
      expect([stdout, exitCode]).toEqual(['', 78]);
    });

    it('says that a certificate has expired', async () => {
      now = VALID_TO + 1;
      const { stderr, exitCode } = await check({});
      const end = new Date(VALID_TO).toISOString();
      expect(stderr).toBe(`tcp 127.0.0.1:0: tls.cert ${SERVER_FILES.cert}: expired on ${end}\n`);
      expect(exitCode).toBe(78);
    });
  });
});
