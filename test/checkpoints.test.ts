import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoints, SharedRun } from '../src/checkpoints.ts';
import { createBlacklist } from '../src/contract/blacklist.ts';
import { Duplicates } from '../src/intake/duplicates.ts';
import { Pipeline } from '../src/intake/pipeline.ts';
import { Journal } from '../src/journal/journal.ts';
import { journalFile, openJournalFile } from '../src/journal/journal-file.ts';
import { recover } from '../src/journal/recover.ts';
import { Site } from '../src/sessions/site.ts';
import { Storms } from '../src/sessions/storms/storms.ts';
import { TroubleLog } from '../src/trouble-log.ts';

const NOON = Date.parse('2026-05-19T12:00:00Z');
const SENDER = { address: '127.0.0.1', port: 1 };

/** A clock that stands still until it is told to go on. */
class FakeClock {
  now = NOON;
  #waiting: { at: number; callback: () => void }[] = [];

  readonly after = (ms: number, callback: () => void): (() => void) => {
    const entry = { at: this.now + ms, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== entry);
    };
  };

  /** How long those who wait have to, shortest first. */
  get waits(): number[] {
    return this.#waiting.map(({ at }) => at - this.now).sort((a, b) => a - b);
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#waiting.sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#waiting.shift();
      this.now = next.at;
      next.callback();
    }
    this.now = end;
  }
}

/** Checkpoints over a real journal in a folder of its own, a site and a pipeline. */
class CheckpointsUnderTest {
  readonly directory = mkdtempSync(join(tmpdir(), 'headcount-checkpoints-'));
  readonly clock = new FakeClock();
  readonly site = new Site({ timeoutMs: 8_000, graceMs: 2_000, maxAgeMs: 86_400_000 });
  readonly storms = new Storms(30);
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly checkpoints: Checkpoints;
  readonly logged: string[] = [];
  kernelDropped = 0;
  ringDropped = 0;
  threadDeaths = 0;
  /** What the journal has committed, piece by piece. */
  batches = 0;
  readonly #troubled = Promise.withResolvers<void>();
  /** Resolves when a commit has failed. */
  readonly troubled = this.#troubled.promise;

  constructor() {
    const database = openJournalFile(this.directory, this.clock.now);
    const { names, nextSeq, storeId } = recover(database, this.site);
    database.close();
    const now = (): number => this.clock.now;
    const settings = { directory: this.directory, retentionMs: 86_400_000, maxBytes: 1e9 };
    this.journal = new Journal(
      { ...settings, commitIntervalMs: 1, isFollowed: false },
      this.site,
      names,
      nextSeq,
      {
        committed: (events) => {
          this.batches += 1;
          this.pipeline.committed(events);
        },
        trouble: () => this.#troubled.resolve(),
        failed: (error) => {
          throw error;
        },
      },
    );
    this.pipeline = new Pipeline({
      site: this.site,
      storms: this.storms,
      store: this.journal,
      duplicates: new Duplicates(),
      positions: [],
      blacklist: createBlacklist([]),
      hash: (text) => hash('sha256', text, 'base64url'),
      checksum: (text) => crc32(text),
      onTrouble: () => {},
      commitState: () => this.checkpoints.commitState(),
      now,
      // Turns come when a checkpoint asks for them, and only then.
      later: () => {},
    });
    const log = (_fields: object, message: string): void => {
      this.logged.push(message);
    };
    this.checkpoints = new Checkpoints({
      site: this.site,
      storms: this.storms,
      journal: this.journal,
      pipeline: this.pipeline,
      storeId,
      receivers: () => [
        {
          ...{ name: 'udp', listening: [], received: 0, kernelDropped: this.kernelDropped },
          ...{ ringDropped: this.ringDropped, threadDeaths: this.threadDeaths },
        },
        { name: 'http', listening: [], received: 0, kernelDropped: null },
      ],
      troubles: new TroubleLog({ warn: log, error: log }),
      now,
      after: this.clock.after,
    });
  }

  start(user: string): void {
    const line = `/qseow-proxy-session/;node1;Start session;LAB;${user};Not available;Not available;x`;
    this.pipeline.receive(Buffer.from(line), SENDER, this.clock.now);
  }

  connect(user: string): void {
    const line = `/qseow-proxy-connection/;node1;Open connection;LAB;${user};AppAccess;/app/a;x`;
    this.pipeline.receive(Buffer.from(line), SENDER, this.clock.now);
  }

  /** Lets so many milliseconds pass, and whatever that sets off be committed. */
  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    await this.journal.committed();
  }

  /** What another process finds in the journal; `stateAt` is when the state was committed, after `NOON`. */
  stored(): { events: number; sessions: number; stateAt: number | null } {
    const database = new DatabaseSync(journalFile(this.directory), { readOnly: true });
    const count = (table: string) => Number(database.prepare(`SELECT count(*) n FROM ${table}`).get()?.['n']);
    const at = database.prepare('SELECT at FROM checkpoint').get()?.['at'];
    const stateAt = at === undefined ? null : Number(at) - NOON;
    const found = { events: count('events'), sessions: count('sessions'), stateAt };
    database.close();
    return found;
  }

  /** Another process, which writes to the journal's file. */
  stranger(): DatabaseSync {
    return new DatabaseSync(journalFile(this.directory));
  }

  async dispose(): Promise<void> {
    this.checkpoints.stop();
    await this.journal.stop(10_000);
    rmSync(this.directory, { recursive: true });
  }
}

let under: CheckpointsUnderTest;
beforeEach(async () => {
  under = new CheckpointsUnderTest();
  await under.journal.start();
});
afterEach(() => under.dispose());

describe('a read', () => {
  it('sees what was received before it, with the session that came of it', async () => {
    under.start('anna');
    await under.checkpoints.beforeRead();
    expect(under.stored()).toEqual({ events: 1, sessions: 1, stateAt: 0 });
  });

  it('is not held up by a commit that does not end for more than two seconds', async () => {
    const stranger = under.stranger();
    stranger.exec('BEGIN IMMEDIATE');
    under.start('anna');
    let isOver = false;
    const read = under.checkpoints.beforeRead().then(() => {
      isOver = true;
    });
    under.clock.pass(1_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    under.clock.pass(1);
    await read;
    expect(under.stored().events).toBe(0);
    stranger.exec('ROLLBACK');
    stranger.close();
    await under.journal.committed();
    expect(under.stored().events).toBe(1);
  });

  it('does not wait at all once a commit has failed, and waits again when one has not', async () => {
    const stranger = under.stranger();
    stranger.exec('ALTER TABLE events RENAME TO away');
    under.start('anna');
    void under.checkpoints.beforeRead();
    await under.troubled;
    const waits = under.clock.waits.length;
    await under.checkpoints.beforeRead();
    expect(under.clock.waits).toHaveLength(waits);
    stranger.exec('ALTER TABLE away RENAME TO events');
    stranger.close();
    await under.journal.committed();
    under.start('bert');
    await under.checkpoints.beforeRead();
    expect(under.stored().events).toBe(2);
  });

  it('leaves no timer behind', async () => {
    await under.checkpoints.beforeRead();
    await under.checkpoints.afterReload();
    expect(under.clock.waits).toEqual([]);
  });
});

describe('the state', () => {
  it('is committed at the start and shortly after each full second of the clock that was handed in', async () => {
    under.clock.pass(300);
    under.checkpoints.start();
    await under.journal.committed();
    expect(under.stored().stateAt).toBe(300);
    under.start('anna');
    await under.pass(704);
    expect(under.stored()).toEqual({ events: 0, sessions: 0, stateAt: 300 });
    await under.pass(1);
    expect(under.stored()).toEqual({ events: 1, sessions: 1, stateAt: 1_005 });
    await under.pass(1_000);
    expect(under.stored().stateAt).toBe(2_005);
  });

  it('of a site where more than 5,000 sessions are active is committed every fifth second, its events each second', async () => {
    const users = Array.from({ length: 5_001 }, (_, n) => `user${n}`);
    for (const user of users) under.start(user);
    under.checkpoints.start();
    await under.journal.committed();
    expect(under.stored()).toEqual({ events: 5_001, sessions: 5_001, stateAt: 0 });
    for (const user of users) under.connect(user);
    const states: (number | null)[] = [];
    for (let second = 1; second <= 6; second += 1) {
      await under.pass(second === 1 ? 1_005 : 1_000);
      const { events, stateAt } = under.stored();
      expect(events).toBe(10_002);
      states.push(stateAt);
    }
    expect(states).toEqual([0, 0, 0, 4_005, 5_005, 6_005]);
  });

  it('is not swept while it cannot be committed: recovery has nothing but events to replay', async () => {
    under.start('anna');
    under.checkpoints.start();
    // The writer's answers come when we wait for them.
    under.clock.pass(8_005);
    expect(under.journal.takesState).toBe(false);
    under.clock.pass(3_000);
    expect(under.site.counts.sessions).toBe(1);
    await under.journal.committed();
    await under.pass(1_000);
    expect(under.site.counts.sessions).toBe(0);
  });

  it('is committed after a reload, which waits for that no longer than a read', async () => {
    under.start('anna');
    await under.checkpoints.afterReload();
    expect(under.stored().sessions).toBe(1);
    const stranger = under.stranger();
    stranger.exec('BEGIN IMMEDIATE');
    const reloaded = under.checkpoints.afterReload();
    under.clock.pass(2_000);
    await reloaded;
    stranger.close();
  });
});

describe('the end', () => {
  it('commits the events, then the state behind them, once', async () => {
    under.checkpoints.start();
    await under.journal.committed();
    under.start('anna');
    under.clock.pass(500);
    under.checkpoints.stop();
    const before = under.batches;
    expect(await under.checkpoints.last()).toBe(true);
    under.clock.pass(10_000);
    expect(await under.journal.stop(10_000)).toBe(0);
    expect(under.stored()).toEqual({ events: 1, sessions: 1, stateAt: 500 });
    expect(under.batches - before).toBe(2);
    expect(under.clock.waits).toEqual([]);
  });

  it('says so where commits fail', async () => {
    const stranger = under.stranger();
    stranger.exec('ALTER TABLE events RENAME TO away');
    stranger.close();
    under.start('anna');
    void under.checkpoints.beforeRead();
    await under.troubled;
    expect(await under.checkpoints.last()).toBe(false);
    expect(await under.journal.stop(0)).toBe(1);
  });
});

it('datagrams that the kernel dropped are noted when there are more of them, and said again once a minute', async () => {
  const [first, again] = [
    'datagrams dropped by the kernel',
    'datagrams dropped by the kernel, in the last minute',
  ];
  under.checkpoints.start();
  const dropped = () => under.site.losses.everywhere.filter(({ reason }) => reason === 'drops');
  expect(dropped()).toEqual([]);
  under.kernelDropped = 3;
  await under.pass(1_005);
  expect(dropped()).toMatchObject([{ lines: 3, to: NOON + 1_005 }]);
  await under.pass(1_000);
  expect(dropped()).toMatchObject([{ lines: 3, to: NOON + 1_005 }]);
  under.kernelDropped = 4;
  await under.pass(1_000);
  expect(under.logged).toEqual([first]);
  await under.pass(60_000);
  expect(under.logged).toEqual([first, again]);
});

it('datagrams that a full ring dropped are noted too, and that nobody knows how many came while a thread was dead', async () => {
  under.checkpoints.start();
  const dropped = () => under.site.losses.everywhere.filter(({ reason }) => reason === 'drops');
  under.kernelDropped = 2;
  under.ringDropped = 5;
  await under.pass(1_005);
  expect(dropped()).toMatchObject([{ lines: 7 }]);
  expect(under.logged).toEqual(['datagrams dropped by the kernel', 'datagrams dropped by a full ring']);
  under.threadDeaths = 1;
  under.ringDropped = 6;
  await under.pass(1_000);
  expect(dropped()).toMatchObject([{ lines: 7 }, { lines: null }]);
  await under.pass(1_000);
  expect(dropped()).toHaveLength(2);
});

/** Work that ends when it is told to. */
function controlled() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const run = new SharedRun(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  return { run, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('shared work', () => {
  it('is one run for all who ask while another one runs, and begins after it', async () => {
    const { run, ends } = controlled();
    const first = run.once();
    await turn();
    const [second, third] = [run.once(), run.once()];
    await turn();
    expect(ends.length).toBe(1);
    ends[0]?.resolve();
    await first;
    await turn();
    expect(ends.length).toBe(2);
    ends[1]?.resolve();
    await Promise.all([second, third]);
  });

  it('a run that fails fails only for those who waited for it', async () => {
    const { run, ends } = controlled();
    const first = run.once();
    await turn();
    const second = run.once();
    ends[0]?.reject(new Error('disk full'));
    await expect(first).rejects.toThrow('disk full');
    await turn();
    ends[1]?.resolve();
    await expect(second).resolves.toBeUndefined();
  });
});
