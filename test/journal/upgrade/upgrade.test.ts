import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalFile, openJournalFile } from '../../../src/journal/journal-file.ts';
import { recoverFile } from '../../../src/journal/recover-file.ts';
import { FORMAT } from '../../../src/journal/schema/schema.ts';
import { SCHEMA, type Schema } from '../../../src/journal/schema/upgrade.ts';
import { Site } from '../../../src/sessions/site.ts';
import { applyVisits } from '../../delivery/visits.ts';
import { SmallDisk } from '../../program/small-disk.ts';
import { EPOCH, SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { StoredSite } from '../stored-site.ts';
import { answersOf, copyKeptStore, keptAnswers } from '../stores/stored-answers.ts';
import { laterSchema, NEXT, rewriteEvents } from './later-schema.ts';

const PROCESS = join(import.meta.dirname, 'upgrading-process.ts');
const PAGE_BYTES = 4_096;
const VISITS = 300;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-upgrade-'));
  file = journalFile(folder);
});
let disk: SmallDisk | null = null;
afterEach(async () => {
  await disk?.dispose();
  disk = null;
  rmSync(folder, { recursive: true });
});

/** The kept store, which was stopped. */
function stopped(): void {
  copyKeptStore(FORMAT, folder);
}

/** A store that was killed: two thirds of its visits in the file, one in the log. */
function killed(to = folder): void {
  const stored = new StoredSite(SETTINGS);
  applyVisits(stored, (VISITS * 2) / 3, EPOCH);
  stored.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  applyVisits(stored, VISITS / 3, EPOCH + VISITS * 1_000);
  for (const end of ['', '-wal']) copyFileSync(journalFile(stored.directory) + end, journalFile(to) + end);
  stored.dispose();
}

const MAKERS = [
  ['stopped', stopped],
  ['killed, with its log beside it', killed],
] as const;

function recovered(schema: Schema, say?: (line: string) => void): number {
  return recoverFile(folder, EPOCH, new Site(SETTINGS), { schema, say }).nextSeq;
}

function read(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const records = database.prepare(sql).all();
  database.close();
  return records;
}

const formatInFile = (): number => readFileSync(file).readUInt32BE(60);

/** File and log, without what SQLite makes anew each time. */
function bytes(): [string, Buffer][] {
  const names = readdirSync(folder).filter(
    (name) => name.startsWith('headcount.db') && !name.endsWith('-shm'),
  );
  return names
    .map((name): [string, Buffer] => [name, readFileSync(join(folder, name))])
    .filter(([, { length }]) => length > 0);
}

/** One line that names the file and holds `words`; not a byte is changed. */
function expectRefused(schema: Schema, words: RegExp): void {
  const before = bytes();
  let said = 'it was opened';
  try {
    recovered(schema);
  } catch (error) {
    said = String(error instanceof Error ? error.message : error);
  }
  expect(said).toMatch(words);
  expect(said).toContain(file);
  expect(said).not.toContain('\n');
  expect(bytes().map(([name, { length }]) => [name, length])).toEqual(
    before.map(([name, { length }]) => [name, length]),
  );
  expect(bytes().every(([, each], place) => each.equals(before[place]?.[1] as Buffer))).toBe(true);
}

describe('a store of an earlier format', () => {
  it.each(MAKERS)('that was %s is upgraded, which is said before and after', (_, make) => {
    make();
    const before = recovered(SCHEMA);
    make();
    const said: string[] = [];
    expect(recovered(laterSchema(NEXT), (line) => said.push(line))).toBe(before);
    expect(said).toEqual([
      `the store is of format ${FORMAT}; upgrading it to ${NEXT}`,
      expect.stringMatching(new RegExp(`^upgraded to format ${NEXT} in \\d+ ms$`)),
    ]);
    expect(formatInFile()).toBe(NEXT);
    expect(read('SELECT DISTINCT seat, note FROM sessions')).toEqual([{ seat: 7, note: null }]);
    expect(read('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    // From then on it is as any other.
    expect(recovered(laterSchema(NEXT), (line) => said.push(line))).toBe(before);
    expect(said.length).toBe(2);
  });

  it('answers what it did before', () => {
    stopped();
    const expected = keptAnswers(FORMAT);
    const site = new Site(SETTINGS);
    recoverFile(folder, expected.now, site, { schema: laterSchema(NEXT) });
    expect(answersOf(folder, site, expected.now)).toMatchObject(expected);
  });

  it('has the tables of a new one after several formats at once', () => {
    const schema = laterSchema(NEXT + 1);
    const tables = () =>
      schema.tables.map(({ name }) => {
        const columns = read(
          `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('${name}')`,
        );
        return [name, columns.sort((a, b) => String(a['name']).localeCompare(String(b['name'])))];
      });
    stopped();
    recovered(schema);
    const upgraded = tables();
    rmSync(file);
    openJournalFile(folder, EPOCH, { schema }).close();
    expect(upgraded).toEqual(tables());
    expect(read("SELECT name FROM sqlite_master WHERE name = 'notes_text'").length).toBe(1);
  });

  it('goes through the steps of code in order, each with the columns of its format and not those of later ones', () => {
    stopped();
    const steps = [NEXT, NEXT + 1].map((to) => ({
      to,
      run: (database: DatabaseSync) => {
        const columns = database.prepare("SELECT name FROM pragma_table_info('sessions')").all();
        database.prepare('UPDATE sessions SET seat = seat * 10 + ?').run(columns.length);
      },
    }));
    recovered(laterSchema(NEXT + 1, steps));
    const columns = (schema: Schema) =>
      schema.tables.length > 0 && read("SELECT * FROM pragma_table_info('sessions')").length;
    const all = Number(columns(SCHEMA));
    expect(read('SELECT DISTINCT seat FROM sessions')).toEqual([{ seat: (70 + all - 1) * 10 + all }]);
  });

  it('is upgraded by whoever opens it to write', () => {
    stopped();
    openJournalFile(folder, EPOCH, { schema: laterSchema(NEXT) }).close();
    expect(formatInFile()).toBe(NEXT);
  });
});

describe.each(MAKERS)('a store that was %s is left as it is, to the byte,', (_, make) => {
  beforeEach(() => make());

  it('where a step fails', () => {
    const steps = [{ to: NEXT, run: (database: DatabaseSync) => database.exec('SELECT nonsense') }];
    expectRefused(
      laterSchema(NEXT, steps),
      /not upgraded from format \d to \d: no such column.*nothing was changed$/,
    );
    expect(recovered(SCHEMA)).toBeGreaterThan(1);
  });

  it('where a page of it is damaged', () => {
    const [table] = read("SELECT rootpage FROM sqlite_master WHERE name = 'strings'");
    const page = Number(table?.['rootpage']);
    writeFileSync(file, readFileSync(file).fill('garbage!', (page - 1) * PAGE_BYTES, page * PAGE_BYTES));
    expectRefused(laterSchema(NEXT), /not upgraded .*damaged.*nothing was changed$/);
  });

  it('where it is of a later format', () => {
    recovered(laterSchema(NEXT));
    expectRefused(
      SCHEMA,
      new RegExp(`format ${NEXT}, this version of Headcount reads format ${FORMAT}; nothing`),
    );
  });

  it('where it is of the first format', () => {
    const all = readFileSync(file);
    all.writeUInt32BE(1, 60);
    writeFileSync(file, all);
    expectRefused(
      laterSchema(NEXT),
      /format 1, this version of Headcount reads formats from 2 on; nothing was changed/,
    );
  });
});

describe('a store that was killed is left as it is, to the byte,', () => {
  it('where the log beside it is that of another journal', () => {
    killed();
    const other = mkdtempSync(join(tmpdir(), 'headcount-upgrade-'));
    killed(other);
    copyFileSync(`${journalFile(other)}-wal`, `${file}-wal`);
    rmSync(other, { recursive: true });
    expectRefused(laterSchema(NEXT), /the log beside it \(-wal\) is that of another journal/);
  });

  it('where only the log says that it is of a later format', () => {
    stopped();
    const database = openJournalFile(folder, EPOCH);
    database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = ${NEXT}`);
    const copies = ['', '-wal'].map((end): [string, Buffer] => [file + end, readFileSync(file + end)]);
    database.close();
    for (const [name, content] of copies) writeFileSync(name, content);
    expect(formatInFile()).toBe(FORMAT);
    expectRefused(
      SCHEMA,
      new RegExp(`format ${NEXT}, this version of Headcount reads format ${FORMAT}; nothing`),
    );
    expect(recovered(laterSchema(NEXT))).toBeGreaterThan(1);
  });
});

describe.each(MAKERS)('an upgrade of a store that was %s', (_, make) => {
  it('loses nothing where it is killed in the middle', async () => {
    make();
    const before = recovered(SCHEMA);
    const events = 'SELECT * FROM events';
    const stored = read(events);
    const child = spawn(process.execPath, [PROCESS, folder, 'block'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toBe('in the middle\n');
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(recovered(SCHEMA)).toBe(before);
    expect(read(events)).toEqual(stored);
    expect(recovered(laterSchema(NEXT, [{ to: NEXT, run: rewriteEvents }]))).toBe(before);
    expect(read('SELECT count(*) AS n FROM sessions WHERE seat <> 7')).toEqual([{ n: 0 }]);
    expect(read(events)).toEqual(stored.map((event) => ({ ...event, at: Number(event['at']) + 1 })));
  });
});

describe.skipIf(!SmallDisk.isPossible())('an upgrade on a disk that is full', () => {
  it.each(MAKERS)('of a store that was %s is refused, and done once there is room', async (_, make) => {
    const small = await SmallDisk.mount(folder, '8m');
    disk = small;
    make();
    const names = readdirSync(folder);
    for (const name of names) copyFileSync(join(folder, name), join(small.path, name));
    // Room for the -shm file, and nothing else.
    small.fill(40_960);
    const run = (): string => {
      const [command = '', ...parameters] = [...small.through, process.execPath, PROCESS, folder];
      return spawnSync(command, parameters, { encoding: 'utf8' }).stdout;
    };
    const stored = () => names.map((name) => readFileSync(join(small.path, name)));
    const before = stored();
    expect(run()).toMatch(
      /^.*headcount\.db: not upgraded .*full: make room on the disk; nothing was changed\n$/,
    );
    // The log may have grown by what was not committed, which nobody reads.
    const isKept = (now: Buffer, then: Buffer): boolean => now.subarray(0, then.length).equals(then);
    expect(stored().every((each, place) => isKept(each, before[place] as Buffer))).toBe(true);
    small.free();
    expect(run()).toBe('upgraded\n');
  });
});
