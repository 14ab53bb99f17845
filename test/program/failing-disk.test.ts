import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { givenIdentity } from '../../src/contract/identity.ts';
import { journalFile } from '../../src/journal/journal-file.ts';
import { FAULTS, FailingDisk, type Fault } from './failing-disk.ts';
import { failingDiskRounds, type Round } from './failing-disk-rounds.ts';
import { Program, ProgramFolder, until } from './program.ts';

const HOUR_MS = 3_600_000;
/** https://sqlite.org/walformat.html */
const [LOG_HEADER, FRAME, MX_FRAME_AT] = [32, 24 + 4_096, 16];
/** What the kernel reads, writes and gives up as one. */
const KERNEL_PAGE = 4_096;

const isPossible = FailingDisk.isPossible();

let folder: ProgramFolder;
let disk: FailingDisk;
const disposals: (() => unknown)[] = [];
beforeEach(() => {
  folder = new ProgramFolder();
  disk = new FailingDisk(folder.path);
  disposals.push(() => folder.dispose());
});
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function started(through: readonly string[] = disk.through()): Promise<Program> {
  const program = await Program.start(folder, through);
  disposals.push(() => program.end('SIGKILL'));
  return program;
}

function post(program: Program, id: string, at = Date.now()): Promise<Response> {
  const who = { user: { directory: 'LAB', id }, host: 'node1' };
  return fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ type: 'session_start', id, at: new Date(at).toISOString(), ...who }]),
  });
}

const troubleOf = async (program: Program) =>
  (await program.get<{ detail: { journalTrouble: string | null } }>('/readyz')).detail.journalTrouble;
const inTrouble = (program: Program) =>
  until(
    () => troubleOf(program),
    (trouble) => trouble !== null,
  );
const mended = (program: Program) =>
  until(
    () => troubleOf(program),
    (trouble) => trouble === null,
  );

/** Posts until it is refused at once, which is when commits fail. */
async function failing(program: Program, fault: Fault, id: string): Promise<void> {
  await disk.fail(program, fault);
  const posted = post(program, id).catch(() => null);
  disposals.push(() => posted);
  await inTrouble(program);
}

function idsIn(file: string): string[] {
  const database = new DatabaseSync(file);
  disposals.push(() => database.close());
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  const rows = database.prepare('SELECT event_id FROM events ORDER BY event_id').all();
  return rows.map((row) => givenIdentity(String(row['event_id'])));
}

describe.skipIf(!isPossible)('a disk that fails', () => {
  it('keeps what is answered 202 when the power fails, after a kill amid commits that failed', async () => {
    let program = await started();
    expect((await post(program, 'before')).status).toBe(202);
    await failing(program, FAULTS.noSync, 'refused');
    await program.end('SIGKILL');
    // The kernel has given up what was not synced, and still reads it back.
    const log = `${journalFile(folder.store)}-wal`;
    const onDisk =
      LOG_HEADER + FRAME * readFileSync(`${journalFile(folder.store)}-shm`).readUInt32LE(MX_FRAME_AT);
    const read = readFileSync(log);
    expect(read.length).toBeGreaterThan(onDisk);

    program = await started();
    expect((await post(program, 'after')).status).toBe(202);
    await program.end('SIGKILL');
    const left = join(folder.path, 'left.db');
    writeFileSync(left, readFileSync(journalFile(folder.store)));
    writeFileSync(`${left}-wal`, withoutGivenUp(readFileSync(log), read, onDisk));
    expect(idsIn(left)).toEqual(expect.arrayContaining(['after', 'before']));
  });

  /** Of the log as it is read: what was not written again is not on the disk. */
  function withoutGivenUp(log: Buffer, before: Buffer, onDisk: number): Buffer {
    for (let at = onDisk; at < before.length; at = (Math.floor(at / KERNEL_PAGE) + 1) * KERNEL_PAGE) {
      const end = (Math.floor(at / KERNEL_PAGE) + 1) * KERNEL_PAGE;
      if (log.subarray(at, end).equals(before.subarray(at, end))) log.fill(0, at, end);
    }
    return log;
  }

  it('finds events by time that were stored before a commit failed and nothing could be read', async () => {
    const program = await started();
    const early = Date.now() - HOUR_MS;
    expect((await post(program, 'early', early)).status).toBe(202);
    await failing(program, FAULTS.noReadNorSync, 'late');
    await disk.mend(program, FAULTS.noReadNorSync);
    await mended(program);
    const to = new Date(early + 1).toISOString();
    const { items } = await program.get<{ items: { eventId: string }[] }>(`/api/v1/events?to=${to}`);
    expect(items.map(({ eventId }) => eventId)).toEqual(['early']);
  });

  it('that cannot be written to at the start is no reason not to answer, and commits go on when it can', async () => {
    let program = await started();
    expect((await post(program, 'before')).status).toBe(202);
    await program.end('SIGKILL');
    program = await started(disk.through(FAULTS.noSync));
    expect(await inTrouble(program)).toContain('disk I/O error');
    expect((await post(program, 'refused')).status).toBe(503);
    const { items } = await program.get<{ items: { eventId: string }[] }>('/api/v1/events');
    expect(items.map(({ eventId }) => eventId)).toEqual(['before']);
    await disk.mend(program, FAULTS.noSync);
    await mended(program);
    expect((await post(program, 'after')).status).toBe(202);
    expect(await program.stop()).toBe(0);
    expect(idsIn(journalFile(folder.store))).toEqual(['after', 'before']);
  });
});

/** Under load of UDP, TCP and HTTP; for ten minutes with `npm run failing-disk`. */
it.skipIf(!isPossible)(
  'a disk that fails under load loses and doubles nothing that was accepted, and refusals are said',
  async () => {
    const { someSyncs, someWrites, littleRoom, shortWrites, everything, noSync } = FAULTS;
    const of = (fault: Fault, forMs: number) => ({ fault, forMs, pauseMs: 100 });
    const rounds: readonly Round[] = [
      {
        faults: [of(someSyncs, 600), of(shortWrites, 300)],
        atStart: null,
        endsFailing: false,
        signal: 'SIGKILL',
      },
      { faults: [of(someWrites, 300), of(noSync, 400)], atStart: null, endsFailing: true, signal: 'SIGKILL' },
      {
        faults: [of(littleRoom, 300), of(everything, 400)],
        atStart: noSync,
        endsFailing: true,
        signal: 'SIGTERM',
      },
    ];
    const { problems, answered, failedCommits } = await failingDiskRounds(disk, folder, rounds);
    expect(problems).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(failedCommits).toBeGreaterThan(0);
  },
  60_000,
);
