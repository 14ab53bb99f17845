import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program, ProgramFolder } from './program.ts';

let folder: ProgramFolder;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(() => folder.dispose());

/** Why the program does not start: its exit code and what it wrote on standard error. */
async function refusal(): Promise<{ code: number; said: string }> {
  const outcome = await Program.start(folder).then(
    async (program) => {
      await program.end('SIGKILL');
      return 'it started';
    },
    (error: Error) => error.message,
  );
  const [, code, said] = /^exit (\d+): ([\s\S]*)$/.exec(outcome) ?? [null, Number.NaN, outcome];
  return { code: Number(code), said: String(said) };
}

function configure({ udp = 0, tcp = 0, api = 0 }): void {
  writeFileSync(
    folder.config,
    `receivers:
  - { type: udp, host: 127.0.0.1, port: ${udp} }
  - { type: tcp, host: 127.0.0.1, port: ${tcp} }
api: { port: ${api} }
log: { format: json }
`,
  );
}

describe('a port that is taken', () => {
  it('of the UDP receiver is said in one line', async () => {
    const other = createSocket('udp4').bind(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    configure({ udp: port });
    const taken = 'address already in use (is another Headcount or Butler running?)';
    expect(await refusal()).toEqual({ code: 1, said: `udp 127.0.0.1:${port}: ${taken}\n` });
    other.close();
  });

  it.each(['tcp', 'api'] as const)('of the %s is said in one line', async (which) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    configure({ [which]: port });
    const { code, said } = await refusal();
    expect(code).toBe(1);
    expect(said).toMatch(/^[^\n]*address already in use[^\n]*\n$/);
    expect(said).toContain(`127.0.0.1:${port}`);
    // All of them alike.
    expect(said).toContain('(is another Headcount or Butler running?)');
    other.close();
  });

  it('leaves the store as it was for the next start', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    configure({ tcp: (other.address() as AddressInfo).port });
    expect((await refusal()).code).toBe(1);
    other.close();
    const program = await Program.start(folder);
    expect(await program.stop()).toBe(0);
  });
});

it('a second Headcount on the same store is told so in one line, and the first goes on', async () => {
  const first = await Program.start(folder);
  const { code, said } = await refusal();
  expect({ code, said }).toEqual({
    code: 1,
    said: `the store ${folder.store} is in use by another Headcount\n`,
  });
  expect(await first.get('/readyz')).toMatchObject({ status: 'ok' });
  expect(await first.end('SIGKILL')).toBeNull();
  // The lock went with the process.
  const next = await Program.start(folder);
  expect(await next.stop()).toBe(0);
});

describe('a configuration with errors', () => {
  it('is refused with all of them at once, and nothing is touched', async () => {
    writeFileSync(
      folder.config,
      'receivers:\n  - { type: udp, port: abc }\nblaklist: []\nstore: { retention: forever }\n',
    );
    expect(await refusal()).toEqual({
      code: 78,
      said: [
        `${folder.config}:2:24 receivers[0].port: expected integer 0-65535, got "abc"`,
        `${folder.config}:3:1 blaklist: unknown key, did you mean "blacklist"?`,
        `${folder.config}:4:21 store.retention: expected a duration with a unit (ms, s, m, h, d) such as "30m", got "forever"`,
        '',
      ].join('\n'),
    });
    expect(readdirSync(folder.path)).toEqual(['config.yaml']);
  });

  it('that is not there is refused in one line', async () => {
    rmSync(folder.config);
    const { code, said } = await refusal();
    expect(code).toBe(78);
    expect(said).toMatch(/^[^\n]*config\.yaml[^\n]*\n$/);
  });
});

describe('a file in the place of the journal', () => {
  const file = () => join(folder.store, 'headcount.db');

  /** One line that names the file and holds `words`; every file but the lock stays as it was, to the byte. */
  async function expectRefused(words: RegExp): Promise<void> {
    const files = () =>
      readdirSync(folder.store)
        .filter((name) => !name.startsWith('headcount.lock'))
        .sort()
        .map((name) => [name, readFileSync(join(folder.store, name)).toString('base64')]);
    const before = files();
    const { code, said } = await refusal();
    const after = files();
    const changed = after.filter(
      ([name, bytes]) => !before.some((each) => each[0] === name && each[1] === bytes),
    );
    expect.soft(changed.map(([name]) => name)).toEqual([]);
    expect.soft(after.map(([name]) => name)).toEqual(before.map(([name]) => name));
    expect.soft(code).toBe(1);
    expect.soft(said).toMatch(/^[^\n]+\n$/);
    expect.soft(said).toContain(file());
    expect.soft(said).toMatch(words);
  }

  /** All of it in the one file. */
  async function journalOfAnEarlierRun(): Promise<void> {
    const program = await Program.start(folder);
    expect(await program.stop()).toBe(0);
    const database = new DatabaseSync(file());
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }

  it('of a newer format is left as it is', async () => {
    await journalOfAnEarlierRun();
    const database = new DatabaseSync(file());
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expectRefused(/format 99, this version of Headcount reads format \d+;/);
  });

  it('of a newer format that keeps no write-ahead log is left as it is', async () => {
    await journalOfAnEarlierRun();
    const database = new DatabaseSync(file());
    database.exec('PRAGMA user_version = 99; PRAGMA journal_mode = DELETE');
    database.close();
    await expectRefused(/format 99/);
  });

  it('with a damaged header is left as it is', async () => {
    await journalOfAnEarlierRun();
    const bytes = readFileSync(file());
    bytes.fill('garbage!', 0, 96);
    writeFileSync(file(), bytes);
    await expectRefused(/not a database/);
  });

  it('with a damaged header, after a power cut, is left as it is with its log', async () => {
    const program = await Program.start(folder);
    await program.end('SIGKILL');
    const bytes = readFileSync(file());
    bytes.fill('garbage!', 0, 96);
    writeFileSync(file(), bytes);
    await expectRefused(/not a database/);
  });

  it('that lost its end is left as it is', async () => {
    await journalOfAnEarlierRun();
    writeFileSync(file(), readFileSync(file()).subarray(0, 4096 * 3));
    await expectRefused(/malformed|damaged/);
  });

  it('of another program is left as it is', async () => {
    mkdirSync(folder.store);
    const database = new DatabaseSync(file());
    database.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
    database.close();
    await expectRefused(/a database of another program; nothing was changed/);
  });

  it('of another program that numbers its formats as we do is left as it is', async () => {
    mkdirSync(folder.store);
    const database = new DatabaseSync(file());
    database.exec('CREATE TABLE notes (text TEXT); PRAGMA user_version = 1; PRAGMA journal_mode = WAL');
    database.close();
    await expectRefused(/another program|not a journal/);
  });

  it('that is no file but a folder is said in one line', async () => {
    mkdirSync(file(), { recursive: true });
    const { code, said } = await refusal();
    expect(code).toBe(1);
    expect(said).toMatch(/^[^\n]+\n$/);
    expect(said).toContain(file());
  });
});

it('a damaged lock file is not taken for another Headcount', async () => {
  mkdirSync(folder.store);
  writeFileSync(join(folder.store, 'headcount.lock'), 'garbage! '.repeat(2_000));
  const { said } = await refusal();
  expect(said).not.toContain('in use by another Headcount');
});
