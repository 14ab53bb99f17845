import type { UserEvent } from '../src/contract/event.ts';
import { openJournalFile } from '../src/journal/journal-file.ts';
import { recover } from '../src/journal/recover.ts';
import { checkpointMessage, EventRecords } from '../src/journal/write/batch.ts';
import { Writer } from '../src/journal/write/writer.ts';
import { Site } from '../src/sessions/site.ts';
import { stateOf } from '../src/sessions/site-state.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const USERS = 20_000;
const APPS = 300;
const HOSTS = 5;
const PROXIES = ['', 'sales', 'hdr'];
const MOST_MINUTES_ON = 90;
const APPS_OF_A_SESSION = 4;

/** What there is to be found. */
export interface Filled {
  readonly sessions: number;
  readonly events: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Fills a store with the past `days`: sessions of a start, four apps opened and closed, and a stop, spread evenly; users
 * by a power law, so that some have thousands of sessions and many a few. By the site and the writer of the program, without a
 * network; `now` in ms since 1970 UTC.
 */
export function fillStore(directory: string, sessions: number, days: number, now: number): Filled {
  const from = now - days * 24 * 60 * MINUTE_MS;
  const minutes = Math.floor((now - from) / MINUTE_MS);
  const database = openJournalFile(directory, from);
  // Only the filling may be lost with the machine.
  database.exec('PRAGMA synchronous = OFF');
  const site = new Site({ timeoutMs: 30 * MINUTE_MS, graceMs: 5 * MINUTE_MS, maxAgeMs: 1_440 * MINUTE_MS });
  const { names } = recover(database, site);
  const writer = new Writer(database, false);
  const rows = new EventRecords();
  const due = new Map<number, UserEvent[]>();
  const random = generator(1);
  const plan = (event: UserEvent): void => {
    const minute = Math.floor((event.at - from) / MINUTE_MS);
    const events = due.get(minute);
    if (events === undefined) due.set(minute, [event]);
    else events.push(event);
  };
  let seq = 0;
  let planned = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const at = from + minute * MINUTE_MS;
    for (; planned < ((minute + 1) * sessions) / minutes; planned += 1) planSession(at, random, plan);
    const events = (due.get(minute) ?? []).sort((a, b) => a.at - b.at);
    due.delete(minute);
    for (const event of events) {
      seq += 1;
      rows.add(seq, event, site.apply(event, seq), names);
    }
    site.tick(at + MINUTE_MS);
    const changes = site.book.pending.take();
    // Points take most of the time to write at such a low rate: there are those of the last day.
    const counted = site.series.takePending();
    const points = at >= now - DAY_MS ? counted : [];
    const checkpoint = checkpointMessage(seq, at + MINUTE_MS, stateOf(site), changes, points, names);
    writer.write({
      type: 'batch',
      id: 1,
      names: names.takeNew(),
      ...rows.take(),
      polls: [],
      positions: [],
      checkpoint,
    });
    // As the journal does: a generation of names a day.
    if (minute % 1_440 === 1_439) names.beginGeneration();
  }
  database.close();
  return { sessions: planned, events: seq, from, to: now };
}

function planSession(minuteAt: number, random: () => number, plan: (event: UserEvent) => void): void {
  const startedAt = minuteAt + Math.floor(random() * MINUTE_MS);
  const lengthMs = Math.floor((5 + random() * (MOST_MINUTES_ON - 5)) * MINUTE_MS);
  const user = { directory: 'CORP', id: `user${Math.floor(random() ** 3 * USERS)}` };
  const host = `qs${Math.floor(random() * HOSTS)}`;
  const virtualProxy = PROXIES[Math.floor(random() * PROXIES.length)] ?? '';
  const event = (kind: UserEvent['kind'], at: number, appId: string | null): void =>
    plan({ ...NOTHING, kind, at, receivedAt: at, host, user, appId, virtualProxy });
  event('session_start', startedAt, null);
  for (let n = 0; n < APPS_OF_A_SESSION; n += 1) {
    const app = Math.floor(random() ** 2 * APPS);
    const appId = `00000000-0000-4000-8000-${String(app).padStart(12, '0')}`;
    const openedAt = startedAt + Math.floor((lengthMs * n) / APPS_OF_A_SESSION) + 1;
    event('connection_open', openedAt, appId);
    event('connection_close', openedAt + Math.floor(lengthMs / APPS_OF_A_SESSION) - 1, appId);
  }
  event('session_stop', startedAt + lengthMs, null);
}

const NOTHING: UserEvent = {
  kind: 'session_start',
  at: 0,
  originalAt: null,
  timed: true,
  receivedAt: 0,
  host: '',
  user: null,
  origin: 'AppAccess',
  context: null,
  appId: null,
  virtualProxy: null,
  sessionKey: null,
  rowNumber: null,
  result: 0,
  userAgent: null,
  message: null,
  reason: null,
  eventId: null,
};

/** Numbers in [0, 1), the same for the same seed: https://en.wikipedia.org/wiki/Xorshift */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
