import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RECEIVERS } from '../../receivers/index.ts';
import { SINKS } from '../../sinks/index.ts';
import { ConfigError, loadConfig, parseConfig } from '../../src/config/config.ts';
import { fillIn } from '../../src/config/environment.ts';
import { schemaProblems } from '../../src/config/errors.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { isHost, isLoopback } from '../../src/contract/host.ts';
import { nameOf } from '../../src/contract/plugin.ts';
import { formatDuration, formatSize, parseDuration, parseSize, secret } from '../../src/contract/settings.ts';

/** Every kind there is, as messages list them; expectations say `RECEIVERS` and `SINKS`. */
const KINDS = { RECEIVERS: RECEIVERS.map(nameOf).join(', '), SINKS: SINKS.map(nameOf).join(', ') };
const cases = new URL('../cases/', import.meta.url);
const ENVIRONMENT = { SECRET: 'hunter2', EMPTY: '', PORT: '9999', ADDRESS: '0.0.0.0' };
const parse = (text: string) => parseConfig(text, 'config.yaml', '.', ENVIRONMENT);

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a broken configuration', () => {
  it.each(readdirSync(cases).filter((name) => name.startsWith('config-')))('is refused as in %s', (name) => {
    const text = readFileSync(new URL(`${name}/config.yaml`, cases), 'utf8');
    const expected = readFileSync(new URL(`${name}/expected.txt`, cases), 'utf8')
      .replaceAll('this version has RECEIVERS', `this version has ${KINDS.RECEIVERS}`)
      .replaceAll('this version has SINKS', `this version has ${KINDS.SINKS}`);
    expect(problemsOf(() => parse(text)).map((line) => `${line}\n`)).not.toEqual([]);
    expect(
      problemsOf(() => parse(text))
        .map((line) => `${line}\n`)
        .join(''),
    ).toBe(expected);
  });

  it('never shows a password, or what came from the environment', () => {
    for (const name of readdirSync(cases).filter((name) => name.startsWith('config-'))) {
      expect(readFileSync(new URL(`${name}/expected.txt`, cases), 'utf8')).not.toContain('hunter2');
    }
    const odd = '"|\'|*|&|!|: |?|#|{|}|[|]|, |%|@|`|>|\\|-|~|\n'.split('|');
    const piece = fc.array(fc.constantFrom(...odd, '|', 'a', '1', ' '), { maxLength: 3 });
    fc.assert(
      fc.property(piece, piece, fc.boolean(), (before, after, inBraces) => {
        const password = `${before.join('')}hunter2${after.join('')}`;
        const text = inBraces
          ? `sinks:\n  - { type: questdb, user: 1, password: ${password} }\n`
          : `sinks:\n  - type: questdb\n    user: 1\n    password: ${password}\n`;
        // What stands before ": " is a key, whatever was meant.
        fc.pre(!/hunter2["']?[^\n]*:[ \n]/.test(text));
        expect(problemsOf(() => parse(text)).join('\n')).not.toContain('hunter2');
      }),
      { numRuns: 3_000 },
    );
  });

  it('is refused in a few words however deep it is', () => {
    expect(problemsOf(() => parse('['.repeat(50_000)))).toEqual([
      expect.stringMatching(/^config\.yaml:1:\d+ nested too deeply$/),
    ]);
  });

  it('gives only lines with a position, and never anything but a ConfigError', () => {
    const words =
      'api:|port: |- |{|}|[|]|\n|  |\t|"|\'|*a |&a |!x |: |? |---\n|receivers:|type: udp|#|__proto__: |9'.split(
        '|',
      );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 25 }), (parts) => {
        for (const line of problemsOf(() => parse(parts.join(''))))
          expect(line).toMatch(/^config\.yaml:\d+:\d+ ./);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a good configuration', () => {
  it('has a default for everything', () => {
    expect(parse('')).toStrictEqual({
      receivers: [
        { type: 'udp', host: '::', port: 9997, allow: [], receiveBuffer: 4_194_304, ringBuffer: 67_108_864 },
        {
          type: 'tcp',
          host: '127.0.0.1',
          port: 9998,
          allow: [],
          framing: 'lf',
          maxFrame: 65_535,
          maxConnections: 1000,
          maxConnectionsPerAddress: 100,
          frameTimeout: 30_000,
          idleTimeout: 86_400_000,
        },
      ],
      blacklist: [],
      sessions: {
        ...{ timeout: 1_800_000, grace: 300_000, maxAge: 86_400_000 },
        ...{ storm: 30, serviceUsers: [], virtualProxies: [] },
      },
      apps: { byId: new Map(), file: null, qrs: null },
      store: { path: 'data', retention: 7_776_000_000, maxSize: 10_000_000_000, commitInterval: 100 },
      site: 'main',
      sinks: [],
      api: {
        ...{ host: '127.0.0.1', port: 9999, tokens: [], hosts: [], insecure: false },
        ...{ maxConnections: 800, maxConnectionsPerAddress: 550 },
      },
      log: { level: 'info', format: 'auto' },
      folder: '.',
    });
  });

  it.each([
    '',
    '\n',
    '# only a comment',
    '---\n',
    '\uFEFF',
    'null',
    '{}',
    'api:\nreceivers:\nblacklist: # none\n',
  ])('is the defaults when it is %j', (text) => expect(parse(text)).toStrictEqual(parse('{}')));

  it('takes what is written', () => {
    const config = parse(`
receivers: [ { type: udp, port: 0, host: 10.0.0.1, name: site-a, allow: [], receiveBuffer: 1MB } ]
blacklist: [ { directory: INTERNAL }, { directory: "*", userId: "svc*" } ]
apps: { A421F4A2-C311: Sales, "__proto": x }
store: { path: /var/lib/headcount }
api: { host: 0.0.0.0, insecure: true }
`);
    expect(config.receivers).toEqual([
      {
        type: 'udp',
        port: 0,
        host: '10.0.0.1',
        name: 'site-a',
        allow: [],
        receiveBuffer: 1_000_000,
        ringBuffer: 67_108_864,
      },
    ]);
    expect(config.blacklist).toEqual([{ directory: 'INTERNAL' }, { directory: '*', userId: 'svc*' }]);
    expect(config.apps.byId.get('a421f4a2-c311')).toBe('Sales');
    expect(config.store.path).toBe('/var/lib/headcount');
  });

  it('may repeat itself by anchors', () => {
    const text = 'sessions: { timeout: &t 10m, grace: *t }';
    expect(parse(text).sessions).toMatchObject({ timeout: 600_000, grace: 600_000 });
  });

  it('takes off for the 0 with which no storm is looked for', () => {
    for (const storm of ['off', '0']) expect(parse(`sessions: { storm: ${storm} }`).sessions.storm).toBe(0);
    expect(problemsOf(() => parse('sessions: { storm: "30" }'))).toEqual([
      'config.yaml:1:20 sessions.storm: expected integer 0-1000000 or off, got "30"',
    ]);
  });

  it('takes texts from the environment, in whole or in part', () => {
    const text = `
store: { path: "/data/\${NAME}/\${NAME_2}" }
blacklist: [ { directory: "\${YAML}", userId: "$\${NAME} costs $5" } ]
apps: { "\${NAME}": '\${NAME}' }
`;
    const environment = { NAME: 'a', NAME_2: 'b$1', YAML: '", x: [ "' };
    const config = parseConfig(text, 'config.yaml', '.', environment);
    expect(config.store.path).toBe('/data/a/b$1');
    expect(config.blacklist).toEqual([{ directory: '", x: [ "', userId: `\${NAME} costs $5` }]);
    expect([...config.apps.byId]).toEqual([[`\${name}`, 'a']]);
  });

  it('may listen twice on a free port', () => {
    const text = 'receivers: [ { type: udp, port: 0 }, { type: udp, port: 0 } ]';
    expect(parse(text).receivers).toHaveLength(2);
  });
});

describe('loadConfig', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headcount-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives the defaults in a folder without config.yaml', () => {
    expect(loadConfig(null, folder)).toStrictEqual(parseConfig('', 'config.yaml', folder));
  });

  it('reads config.yaml of the folder, and a named file; its store is beside it', () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'config.yaml'), 'api: { port: 1 }');
    writeFileSync(join(inner, 'other.yaml'), '\uFEFFapi: { port: 2 }\r\nstore: { path: ../history }\r\n');
    expect(loadConfig(null, inner)).toMatchObject({ api: { port: 1 }, store: { path: join(inner, 'data') } });
    expect(loadConfig('inner/other.yaml', folder)).toMatchObject({
      api: { port: 2 },
      store: { path: join(folder, 'history') },
    });
  });

  it('says in one line why a file cannot be read', () => {
    const inFolder = (name: string) => problemsOf(() => loadConfig(name, folder));
    writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('\uFEFFapi:', 'utf16le'));
    writeFileSync(join(folder, 'latin.yaml'), Buffer.from('apps: { a: Åsa }', 'latin1'));
    writeFileSync(join(folder, 'large.yaml'), ' '.repeat(5_000_000));
    symlinkSync('circle.yaml', join(folder, 'circle.yaml'));
    expect(inFolder('gone.yaml')).toEqual(['gone.yaml: there is no such file']);
    expect(inFolder('.')).toEqual(['.: is a directory, expected a file']);
    expect(inFolder('utf16.yaml')).toEqual(['utf16.yaml:1:1 UTF-16 text, save it as UTF-8']);
    expect(inFolder('latin.yaml')).toEqual(['latin.yaml:1:1 not UTF-8 text, save it as UTF-8']);
    expect(inFolder('large.yaml')).toEqual(['large.yaml: larger than 4 MiB']);
    expect(inFolder('circle.yaml')).toEqual(['circle.yaml: links that lead in a circle']);
  });

  it('does not take a config.yaml that leads nowhere for none', () => {
    const inner = join(folder, 'dangling');
    mkdirSync(inner);
    symlinkSync('nowhere', join(inner, 'config.yaml'));
    expect(problemsOf(() => loadConfig(null, inner))).toEqual(['config.yaml: there is no such file']);
  });
});

describe('units', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5000],
    ['1.5h', 5_400_000],
    ['90d', 7_776_000_000],
    ['30', null],
    ['30M', null],
    ['-5s', null],
    ['5s5', null],
    ['', null],
    ['999999999999999d', null],
  ])('%j is a duration of %j ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    ['10GB', 10_000_000_000],
    ['512mb', 512_000_000],
    ['4MiB', 4_194_304],
    ['1.5kB', 1500],
    ['65535B', 65_535],
    ['10G', null],
    ['10', null],
    ['GB', null],
  ])('%j is a size of %j bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it('writes a value so that it reads as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (value) => {
        expect(parseDuration(formatDuration(value))).toBe(value);
        expect(parseSize(formatSize(value))).toBe(value);
      }),
    );
    expect([formatDuration(1_800_000), formatSize(4_194_304), formatSize(1e10)]).toEqual([
      '30m',
      '4MiB',
      '10GB',
    ]);
  });
});

describe('hosts', () => {
  it.each(['127.0.0.1', '::', 'fe80::1%eth0', 'sense-1.example.com', 'SENSE_PRD01', 'localhost'])(
    '%s is one',
    (text) => expect(isHost(text)).toBe(true),
  );
  it.each(['', '127.0.0.256', '1.2.3', '[::1]', 'a:9', 'a b', '-a', 'http://a', '*', 'a/24', 'x'.repeat(64)])(
    '%j is none',
    (text) => expect(isHost(text)).toBe(false),
  );
  it.each(['127.0.0.1', '127.8.9.1', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'LocalHost'])(
    '%s is loopback',
    (text) => expect(isLoopback(text)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '::ffff:10.0.0.1', '128.0.0.1', '127.example.com', 'sense'])(
    '%s is not loopback',
    (text) => expect(isLoopback(text)).toBe(false),
  );
});

describe('a secret', () => {
  const schema = z.strictObject({ token: secret('the token') });
  const said = (token: unknown) => {
    const parsed = schema.safeParse({ token });
    const yaml = readYaml(JSON.stringify({ token }));
    const issues = parsed.error?.issues ?? [];
    return schemaProblems(issues, schema, yaml, fillIn(yaml.value, {})).map(({ text }) => text);
  };

  it('is text of one line', () => expect(schema.parse({ token: 'a b' })).toEqual({ token: 'a b' }));

  it.each([
    [12345, 'expected the token (put it in quotes)'],
    ['', 'expected the token'],
    ['hunter2\n', 'expected the token without control characters'],
    [['hunter2'], 'expected the token'],
    [undefined, 'missing, expected the token'],
  ])('is not repeated where it is refused: %j', (token, message) => {
    expect(said(token)).toEqual([message]);
  });
});
