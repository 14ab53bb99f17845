import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserEvent } from '../src/contract/event.ts';
import type { Snapshot } from '../src/contract/snapshot.ts';
import { SnapshotTurns } from '../src/intake/snapshot-turns.ts';
import { Journal } from '../src/journal/journal.ts';
import { recoverFile } from '../src/journal/recover-file.ts';
import { Site } from '../src/sessions/site.ts';
import { stateOf } from '../src/sessions/site-state.ts';

/**
 * Reconciles a site of many sessions with the snapshots of one proxy, into a real journal. Told how many, it answers
 * with the CPU that each snapshot took in this thread, and the most in one turn of the event loop.
 */

export interface ReconcilerReport {
  readonly tookMs: Readonly<Record<Phase, number>>;
  readonly longestTurnMs: Readonly<Record<Phase, number>>;
  /** To read the list from JSON, in one go. */
  readonly readMs: number;
}

/** The first snapshot binds all; the same again; a tenth has gone, and as many are new; the same again, which ends and makes them. */
export type Phase = 'bind' | 'same' | 'miss' | 'change';

const HOUR_MS = 3_600_000;

process.once('disconnect', () => process.exit(1));
const [{ count }] = (await once(process, 'message')) as [{ count: number }];
const directory = mkdtempSync(join(tmpdir(), 'headcount-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const site = new Site({ timeoutMs: HOUR_MS, graceMs: HOUR_MS, maxAgeMs: 24 * HOUR_MS });
const { names, nextSeq } = recoverFile(directory, Date.now(), site);
const fail = (why: unknown): never => {
  throw new Error(String(why));
};
const journal = new Journal(
  { directory, retentionMs: 24 * HOUR_MS, maxBytes: 1e10, commitIntervalMs: 20, isFollowed: false },
  site,
  names,
  nextSeq,
  { committed: () => {}, trouble: fail, failed: fail },
);
await journal.start();

const userOf = (n: number) => ({ directory: 'LAB', id: `user${n}` });
const begunAt = Date.now();
for (let n = 0; n < count; n += 1) {
  const event: UserEvent = {
    ...{
      kind: 'session_start',
      at: begunAt,
      originalAt: null,
      timed: false,
      receivedAt: begunAt,
      host: 'node1',
    },
    ...{ user: userOf(n), origin: null, context: null, appId: null, virtualProxy: null, sessionKey: null },
    ...{ rowNumber: null, result: null, userAgent: null, message: null, reason: null, eventId: null },
  };
  journal.add(event, site.apply(event, journal.nextSeq));
}
const commitState = () => journal.checkpoint(Date.now(), stateOf(site));
commitState();
await journal.flush(60_000);

const turnsMs: number[] = [];
const turns = new SnapshotTurns({
  site,
  store: journal,
  work: () => {},
  commitState,
  isExcluded: () => false,
  now: Date.now,
  later: (callback, ms) => {
    setTimeout(() => {
      const before = cpuMs();
      callback();
      setImmediate(() => turnsMs.push(cpuMs() - before));
    }, ms);
  },
});
const tenth = count / 10;
const tookMs = { bind: 0, same: 0, miss: 0, change: 0 };
const longestTurnMs = { bind: 0, same: 0, miss: 0, change: 0 };
let at = begunAt;
for (const [phase, first] of [
  ['bind', 0],
  ['same', 0],
  ['miss', tenth],
  ['change', tenth],
] as const) {
  at += 30_000;
  const snapshot = snapshotFrom(first, at);
  turnsMs.length = 0;
  await turns.take(snapshot);
  // The last turn is over.
  await new Promise<void>((resolve) => setImmediate(resolve));
  tookMs[phase] = turnsMs.reduce((sum, each) => sum + each, 0);
  longestTurnMs[phase] = Math.max(...turnsMs);
  await journal.flush(60_000);
}
if (site.counts.sessions !== count) fail(`${site.counts.sessions} sessions`);
const text = JSON.stringify(snapshotFrom(0, at));
const startedAt = cpuMs();
JSON.parse(text);
process.send?.({ tookMs, longestTurnMs, readMs: cpuMs() - startedAt } satisfies ReconcilerReport);
process.disconnect();

function snapshotFrom(first: number, at: number): Snapshot {
  const sessions = Array.from({ length: count }, (_, n) => ({
    id: `00000000-0000-4000-8000-${String(first + n).padStart(12, '0')}`,
    user: userOf(first + n),
  }));
  const poll = { host: 'node1', virtualProxy: '/', at, durationMs: 500 };
  return { ...poll, sessions, hidden: [], allVirtualProxies: ['/'], keepsUsers: true };
}

/** CPU of this thread so far: time alone would measure what else the machine does. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
