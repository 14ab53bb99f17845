import type { DatabaseSync } from 'node:sqlite';
import { WorkerSide } from '../../threads/worker-side.ts';
import type { UpkeepTrouble } from '../journal-events.ts';
import { databaseTrouble, naming, openJournalFile } from '../journal-file.ts';
import type { BatchMessage } from './batch.ts';
import { letGoOfLines } from './line-retention.ts';
import { beginLogAnew, writeLogBack } from './log.ts';
import { deleteUnfiltered } from './poll-retention.ts';
import { ALL_UNDELIVERED, Retention, type RetentionLimits, type Undelivered } from './retention.ts';
import { keepRetentionTime, RetentionClock, retentionTime } from './retention-clock.ts';
import { Writer } from './writer.ts';

/** How long to wait before a failed commit is tried again. */
const RETRY_MS = 1_000;
const RETENTION_EVERY_MS = 60_000;
const LOG_BACK_EVERY_MS = 60_000;
/** Between two steps while there is more to delete. */
const RETENTION_PAUSE_MS = 50;
/** While there is too much, and nothing that could go: what comes meanwhile may. */
const RETENTION_STUCK_MS = 10_000;
/** Each time costs a commit. */
const LET_GO_EVERY_MS = 1_000;

export interface WriterData {
  readonly directory: string;
  readonly limits: RetentionLimits;
  /** There are sinks. */
  readonly isFollowed: boolean;
}

export type WriterMessage =
  | BatchMessage
  | { readonly type: 'undelivered'; readonly undelivered: Undelivered };
export type WriterReply =
  /** `memory` held the batch's rows. */
  | { readonly type: 'committed'; readonly id: number; readonly memory: ArrayBuffer }
  /** A batch could not be committed (disk full, I/O error); it is tried again until it can. */
  | { readonly type: 'trouble'; readonly message: string }
  /** What is done beside commits failed; it is tried again. */
  | { readonly type: 'upkeep_trouble'; readonly kind: UpkeepTrouble; readonly message: string }
  /** The journal is larger than it may be, for the sake of a sink. */
  | { readonly type: 'retention_held' }
  /** The clock is not believed. `events`: how many of the oldest events would be too old by it. */
  | {
      readonly type: 'clock_doubted';
      readonly aheadMs: number;
      readonly believedInMs: number;
      readonly events: number;
    };

export interface WriterTalk {
  readonly data: WriterData;
  readonly toWorker: WriterMessage;
  readonly fromWorker: WriterReply;
  readonly question: never;
  readonly answer: never;
}

/*
 * Changes of sessions are logged only while there are sinks to follow them. `meta.followed` says whether the log is
 * whole, that is whether everything about every session can be learnt from it.
 */

const WHOLE = "SELECT value FROM meta WHERE key = 'followed'";
const MARK = "INSERT OR REPLACE INTO meta (key, value) VALUES ('followed', ?)";

/** How far a sender's clock may be ahead of ours. */
const MOST_AHEAD_MS = 600_000;

const side = new WorkerSide<WriterTalk>();
const { directory, limits, isFollowed } = side.data;
const database = openJournalFile(directory, Date.now());
const { writer, retention, retentionClock } = naming(directory, () => {
  if (isFollowed) followSessions(database);
  else stopFollowing(database);
  const writer = new Writer(database, isFollowed);
  const forget = (dimension: string) => writer.points.forgetDimension(dimension);
  return {
    writer,
    retention: new Retention(database, limits, forget),
    retentionClock: new RetentionClock(retentionTime(database) ?? Date.now(), performance.now()),
  };
});
// Until the sinks have said how far they are.
if (isFollowed) retention.undelivered = ALL_UNDELIVERED;
const waiting: BatchMessage[] = [];
let hasOldLog = true;
let retrying = false;
let lettingGo: NodeJS.Timeout | null = null;
let isStopping = false;

function work(): void {
  for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
    try {
      if (hasOldLog) leaveOldLog();
      writer.write(next);
    } catch (error) {
      side.tell({ type: 'trouble', message: databaseTrouble(error) });
      retrying = true;
      setTimeout(retry, RETRY_MS);
      return;
    }
    const memory = next.events.buffer;
    side.tell({ type: 'committed', id: next.id, memory }, [memory]);
    waiting.shift();
    if (next.checkpoint !== null) retainIfTooMuch();
  }
  if (isStopping) close();
}

function leaveOldLog(): void {
  beginLogAnew(database);
  hasOldLog = false;
}

function close(): void {
  clearTimeout(retentionTimer);
  clearInterval(logTimer);
  if (lettingGo !== null) clearTimeout(lettingGo);
  database.close();
  side.close();
}

function retry(): void {
  retrying = false;
  try {
    // Otherwise only a commit that succeeds does this, and the log may be what fills the disk: begun anew it has room.
    writeLogBack(database);
  } catch {
    // The commit that follows says what is wrong.
  }
  work();
}

function lookAtLog(): void {
  if (retrying) return;
  try {
    writeLogBack(database);
  } catch (error) {
    const kind = 'the log (-wal) cannot be written into the store';
    side.tell({ type: 'upkeep_trouble', kind, message: databaseTrouble(error) });
  }
}

/** The file must stay below its limit, so it is not waited for when it grows fast; but where nothing more could go, nothing can. */
function retainIfTooMuch(): void {
  if (!mayRetainSooner || !retention.isTooMuch) return;
  mayRetainSooner = false;
  clearTimeout(retentionTimer);
  retentionTimer = setTimeout(retain, RETENTION_PAUSE_MS);
}

function retain(): void {
  retentionTimer = setTimeout(retain, RETENTION_EVERY_MS);
  if (retrying || waiting.length > 0) return;
  try {
    const { at, doubt } = retentionClock.look(Date.now(), performance.now());
    database.exec('BEGIN IMMEDIATE');
    const more = retention.step(at);
    keepRetentionTime(database, at);
    database.exec('COMMIT');
    if (doubt !== null)
      side.tell({
        type: 'clock_doubted',
        ...doubt,
        events: retention.tooOldAt(at + Math.max(0, doubt.aheadMs)),
      });
    if (retention.isHeld) side.tell({ type: 'retention_held' });
    mayRetainSooner = !more && !retention.isTooMuch;
    if (!more && mayRetainSooner) return;
    clearTimeout(retentionTimer);
    retentionTimer = setTimeout(retain, more ? RETENTION_PAUSE_MS : RETENTION_STUCK_MS);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    side.tell({ type: 'upkeep_trouble', kind: 'retention failed', message: databaseTrouble(error) });
  }
}

/** Answers with excluded users in them, and words of lines, are kept no longer than sinks need them. */
function letGo(): void {
  if (lettingGo !== null) clearTimeout(lettingGo);
  lettingGo = null;
  if (retrying) return;
  const { unfiltered, lines } = retention.undelivered;
  try {
    database.exec('BEGIN IMMEDIATE');
    deleteUnfiltered(database, unfiltered);
    letGoOfLines(database, lines);
    database.exec('COMMIT');
  } catch {
    // Retention tries it again, and says what is wrong.
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

let mayRetainSooner = true;
let retentionTimer = setTimeout(retain, RETENTION_EVERY_MS);
const logTimer = setInterval(lookAtLog, LOG_BACK_EVERY_MS);
try {
  // While nobody else of ours reads.
  leaveOldLog();
} catch {
  // The first commit tries it again, and says what is wrong.
}
side.serve({
  heard(message) {
    if (message.type === 'undelivered') {
      const { unfiltered, lines } = message.undelivered;
      const before = retention.undelivered;
      retention.undelivered = message.undelivered;
      // Sinks have more and more lines, four times a second.
      if (unfiltered !== before.unfiltered) letGo();
      else if (lines !== before.lines) lettingGo ??= setTimeout(letGo, LET_GO_EVERY_MS);
      return;
    }
    waiting.push(message);
    if (!retrying && waiting.length === 1) work();
  },
  stop() {
    // What was handed over is committed first.
    isStopping = true;
    if (waiting.length === 0) close();
  },
});

/** There are sinks now. Where there were none, every session counts as changed since it was created. */
export function followSessions(database: DatabaseSync): void {
  if (database.prepare(WHOLE).get()?.['value'] === 'yes') return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database
      .prepare(
        'INSERT INTO session_changes (at, session) SELECT created_at - ?, id FROM sessions ORDER BY id',
      )
      .run(MOST_AHEAD_MS);
    database.prepare(MARK).run('yes');
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** There are no sinks any more: what changes from now on is not in the log. */
export function stopFollowing(database: DatabaseSync): void {
  if (database.prepare(WHOLE).get()?.['value'] === 'yes') database.prepare(MARK).run('no');
}
