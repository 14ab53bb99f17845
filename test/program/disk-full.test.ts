import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { copyFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { givenIdentity } from '../../src/contract/identity.ts';
import { journalFile, openJournalFile } from '../../src/journal/journal-file.ts';
import { Program, ProgramFolder, until } from './program.ts';
import { SmallDisk } from './small-disk.ts';

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly excluded: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly receivers: readonly { name: string; received: number; waiting?: boolean }[];
  readonly sinks: readonly { pending: number; delivered: number; lastError: string | null }[];
}
interface Ready {
  readonly detail: { readonly journalTrouble: string | null };
}

/** As many as the journal holds before senders have to wait. */
const TCP_LINES = 100_000;
const TCP_LINES_MORE = 50_000;
const RELAYED = 20_000;
const CATCH_UP_MS = 30_000;

const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

function folderWith(extra = ''): ProgramFolder {
  const folder = new ProgramFolder(extra);
  disposals.push(() => folder.dispose());
  return folder;
}

async function diskFor(folder: ProgramFolder, size: string): Promise<SmallDisk> {
  const disk = await SmallDisk.mount(folder.store, size);
  disposals.push(() => disk.dispose());
  return disk;
}

async function started(folder: ProgramFolder, through: readonly string[] = []): Promise<Program> {
  const program = await Program.start(folder, through);
  disposals.push(() => program.end('SIGKILL'));
  return program;
}

/** How a start ends that does not succeed. */
function refusal(folder: ProgramFolder, disk: SmallDisk): Promise<string> {
  return Program.start(folder, disk.through).then(
    async (program) => `it started, ${await program.end('SIGKILL')}`,
    (error: Error) => error.message,
  );
}

async function post(program: Program, ids: readonly string[]): Promise<Response> {
  const items = ids.map((id) => ({ type: 'session_start', id, ...WHO }));
  return await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
}
const WHO = { user: { directory: 'LAB', id: 'anna' }, host: 'node1' };

const line = (host: string) => `/qseow-proxy-session/;${host};Stop session;LAB;nobody;AppAccess;;x`;

async function sendUdp(program: Program, count: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let n = 0; n < count; n += 1) {
    await new Promise((sent) => socket.send(line('udp-node'), program.udpPort, '127.0.0.1', sent));
  }
  socket.close();
}

/** What came in, in books that balance. */
async function ingest(program: Program): Promise<Ingest> {
  const found = await program.get<Ingest>('/api/v1/ingest');
  const { received, accepted, duplicates, heartbeats, excluded, inFlight } = found;
  const refused = Object.values(found.refused).reduce((sum, n) => sum + n, 0);
  expect(accepted + duplicates + heartbeats + excluded + refused + inFlight).toBe(received);
  return found;
}

const trouble = async (program: Program) => (await program.get<Ready>('/readyz')).detail.journalTrouble;
const inTrouble = (program: Program) =>
  until(
    () => trouble(program),
    (found) => found !== null,
  );
const mended = (program: Program) =>
  until(
    () => trouble(program),
    (found) => found === null,
  );
const complaints = (program: Program) =>
  program.log.filter(({ level }) => level === 'error' || level === 'fatal');

/** A copy of a journal that nobody has open. */
function journalOf(folder: ProgramFolder, from: string): DatabaseSync {
  const names = readdirSync(from).filter((name) => name.startsWith('headcount.db'));
  for (const name of names) copyFileSync(join(from, name), join(folder.path, name));
  const database = new DatabaseSync(join(folder.path, 'headcount.db'));
  disposals.push(() => database.close());
  return database;
}

function eventsBy(database: DatabaseSync, host: string): number {
  const sql = 'SELECT count(*) AS n FROM events WHERE host IN (SELECT id FROM strings WHERE text = ?)';
  return Number(database.prepare(sql).get(host)?.['n']);
}

function expectEach(database: DatabaseSync, ids: readonly string[]): void {
  const stored = database.prepare('SELECT event_id FROM events WHERE event_id LIKE ?').all('%http-%');
  expect(stored.map((row) => givenIdentity(String(row['event_id']))).sort()).toEqual([...ids].sort());
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
}

const isPossible = SmallDisk.isPossible();
if (!isPossible) process.stderr.write('skipped: no small disk (unshare, mount, nsenter) on this machine\n');
const hasQuota = spawnSync('prlimit', ['--fsize=1000000:unlimited', 'true']).status === 0;
if (!hasQuota) process.stderr.write('skipped: no prlimit on this machine\n');

it('on a machine that runs the tests for all there is a small disk, or a quota', () => {
  expect(isPossible || hasQuota || process.env['CI'] !== 'true').toBe(true);
});

describe.skipIf(!isPossible)('a disk that is full', () => {
  it('holds up who can wait, loses nothing, and is caught up with when there is room', async () => {
    const folder = folderWith();
    const disk = await diskFor(folder, '48m');
    const program = await started(folder, disk.through);
    const before = Array.from({ length: 50 }, (_, n) => `http-${n}`);
    expect((await post(program, before)).status).toBe(202);

    disk.fill();
    const relay = connect(program.tcpPort, '127.0.0.1').on('error', () => {});
    relay.write(`${line('tcp-node')}\n`.repeat(TCP_LINES));
    await sendUdp(program, 100);
    expect(await inTrouble(program)).toContain('full');
    await until(
      () => ingest(program),
      ({ inFlight }) => inFlight >= TCP_LINES,
    );
    relay.write(`${line('tcp-node')}\n`.repeat(TCP_LINES_MORE));
    const waiting = await until(
      () => ingest(program),
      ({ receivers }) => receivers.some((each) => each.waiting === true),
    );
    expect(waiting.inFlight).toBeLessThan(TCP_LINES + TCP_LINES_MORE);
    const refused = await post(program, ['http-refused']);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await sendUdp(program, 100);
    await until(
      () => ingest(program),
      ({ receivers }) => receivers.find(({ name }) => name === 'udp')?.received === 200,
    );
    const metrics = await (await fetch(`${program.api}/metrics`)).text();
    expect(metrics).toContain('headcount_journal_failing 1');
    // What was committed can still be read.
    const { items } = await program.get<{ items: object[] }>('/api/v1/events?limit=1000');
    expect(items.length).toBe((await ingest(program)).accepted);

    disk.free();
    const all = 50 + TCP_LINES + TCP_LINES_MORE + 200;
    await until(
      () => ingest(program),
      ({ accepted, inFlight }) => accepted === all && inFlight === 0,
      CATCH_UP_MS,
    );
    await mended(program);
    expect((await post(program, ['http-refused'])).status).toBe(202);
    expect(complaints(program).map(({ kind }) => kind)).toEqual(['commit failed']);
    relay.destroy();
    expect(await program.stop()).toBe(0);
    const journal = journalOf(folder, disk.path);
    expect(eventsBy(journal, 'tcp-node')).toBe(TCP_LINES + TCP_LINES_MORE);
    expect(eventsBy(journal, 'udp-node')).toBe(200);
    expectEach(journal, [...before, 'http-refused']);
  }, 120_000);

  it('does not keep a store from being started, read, stopped and delivered later', async () => {
    const folder = folderWith('sinks: [{ type: console, interval: 50ms }]\n');
    const disk = await diskFor(folder, '8m');
    let program = await started(folder, disk.through);
    const ids = Array.from({ length: 20 }, (_, n) => `http-${n}`);
    expect((await post(program, ids.slice(0, 10))).status).toBe(202);
    await delivered(program);
    expect((await post(program, ids.slice(10))).status).toBe(202);
    disk.fill();
    await sendUdp(program, 5);
    await inTrouble(program);
    await program.end('SIGKILL');

    program = await started(folder, disk.through);
    expect(await inTrouble(program)).toContain('full');
    const events = await program.get<{ items: { eventId: string }[] }>('/api/v1/events?limit=1000');
    expect(events.items.map(({ eventId }) => eventId).sort()).toEqual([...ids].sort());
    await program.get('/api/v1/sessions');
    await program.get('/api/v1/series');
    // More than fits into what its own log has given back.
    const relay = connect(program.tcpPort, '127.0.0.1').on('error', () => {});
    relay.write(`${line('tcp-node')}\n`.repeat(RELAYED));
    await until(
      () => ingest(program),
      ({ received, inFlight }) => received >= RELAYED && inFlight > 0,
    );
    await inTrouble(program);
    let said = '';
    program.child.stderr?.on('data', (text) => {
      said += text;
    });
    expect(await program.stop()).toBe(1);
    expect(said).toMatch(/^events that had been taken and are lost: \d+; [^\n]*full[^\n]*\n$/);
    relay.destroy();

    disk.free();
    program = await started(folder, disk.through);
    expect(await trouble(program)).toBeNull();
    await delivered(program);
    expect(await program.stop()).toBe(0);
    const journal = journalOf(folder, disk.path);
    expectEach(journal, ids);
    expect(eventsBy(journal, 'tcp-node') + Number(/\d+/.exec(said)?.[0])).toBe(RELAYED);
  });

  /** Nothing is left to deliver. */
  function delivered(program: Program): Promise<Ingest> {
    return until(
      () => ingest(program),
      ({ sinks }) => sinks[0]?.pending === 0 && sinks[0].delivered > 0 && sinks[0].lastError === null,
    );
  }

  it('is no end while the file has room: its log begins anew when that has filled the disk', async () => {
    const folder = folderWith();
    const disk = await diskFor(folder, '16m');
    const database = openJournalFile(folder.path, Date.now());
    database.exec('CREATE TABLE room (bytes); INSERT INTO room VALUES (zeroblob(4000000)); DROP TABLE room');
    database.close();
    copyFileSync(journalFile(folder.path), join(disk.path, 'headcount.db'));
    const program = await started(folder, disk.through);
    disk.fill(524_288);
    const relay = connect(program.tcpPort, '127.0.0.1').on('error', () => {});
    for (let sent = 5_000; sent <= RELAYED; sent += 5_000) {
      relay.write(`${line('tcp-node')}\n`.repeat(5_000));
      await until(
        () => ingest(program),
        ({ accepted }) => accepted === sent,
      );
    }
    // All of that is more than was left.
    expect(complaints(program).map(({ kind }) => kind)).toEqual(['commit failed']);
    relay.destroy();
    expect(await program.stop()).toBe(0);
    expect(eventsBy(journalOf(folder, disk.path), 'tcp-node')).toBe(RELAYED);
  });

  it('is said in one line where there is no store yet, or no room to open it', async () => {
    const folder = folderWith();
    const disk = await diskFor(folder, '2m');
    const file = join(folder.store, 'headcount.db');
    disk.fill();
    const atFirst = await refusal(folder, disk);
    expect(atFirst).toMatch(/^exit 1: [^\n]*make room on the disk\n$/);
    expect(atFirst).toContain(file);
    disk.free();
    let program = await started(folder, disk.through);
    expect((await post(program, ['http-1'])).status).toBe(202);
    expect(await program.stop()).toBe(0);
    disk.fill();
    const later = await refusal(folder, disk);
    expect(later).toMatch(/^exit 1: [^\n]*make room on the disk\n$/);
    expect(later).toContain(file);
    disk.free();
    program = await started(folder, disk.through);
    expect(await program.stop()).toBe(0);
    expectEach(journalOf(folder, disk.path), ['http-1']);
  });
});

describe.skipIf(!hasQuota)('a quota that is used up', () => {
  const limit = (program: Program, bytes: string) =>
    spawnSync('prlimit', ['--pid', String(program.child.pid), `--fsize=${bytes}:unlimited`]);

  it('is told from damage, and commits go on when there is more', async () => {
    const folder = folderWith();
    const program = await started(folder);
    expect((await post(program, ['http-1'])).status).toBe(202);
    limit(program, '65536');
    await sendUdp(program, 200);
    expect(await inTrouble(program)).toMatch(/disk I\/O error \(SQLite 778\)/);
    expect((await post(program, ['http-2'])).status).toBe(503);
    await program.get('/api/v1/sessions');
    await ingest(program);
    limit(program, 'unlimited');
    await mended(program);
    expect((await post(program, ['http-2'])).status).toBe(202);
    expect(await program.stop()).toBe(0);
    const journal = journalOf(folder, folder.store);
    expect(eventsBy(journal, 'udp-node')).toBe(200);
    expectEach(journal, ['http-1', 'http-2']);
  });
});
