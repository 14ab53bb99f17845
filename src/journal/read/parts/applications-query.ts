import type { DatabaseSync } from 'node:sqlite';
import { secondsOf } from '../../../contract/seconds.ts';
import type { Answers, ApplicationItem } from '../answers.ts';
import { type Items, iso } from '../items.ts';
import { applicationHosts } from '../sessions/application-sessions.ts';
import { firstOf, MOST_LISTED } from './largest.ts';

export interface ApplicationsQuestion {
  /** Milliseconds since 1970 UTC, the end excluded; null for now. */
  readonly from: number;
  readonly to: number | null;
  /** Null for all of them. */
  readonly host: string | null;
  readonly virtualProxy: string | null;
  /** What applications are called, by their host. */
  readonly names: readonly (readonly [host: string, name: string])[];
}

/** Sessions looked at: others wait for the reader. As many as for a graph of them, so that both are known or neither is. */
const MOST_READ = 300_000;
const HOUR_MS = 3_600_000;
const COLUMNS = ['s.started_at', 's.ended_at', 's.user', 's.host'];

type SessionCells = readonly [
  id: number,
  startedAt: number,
  endedAt: number | null,
  user: number,
  host: number,
];
type Found = Omit<Answers['applications'], 'asOf' | 'from' | 'to' | 'known'>;

const TOO_MANY: Found = {
  ...{ sessions: null, started: null, startedPerHour: null, users: null, averageDurationSeconds: null },
  ...{ online: null, usersOnline: null, total: null, items: [] },
};

/** The sessions of applications in a range, in numbers: of all of them, and of each. */
export function applicationsOf(
  database: DatabaseSync,
  items: Items,
  { from, to: asked, ...question }: ApplicationsQuestion,
  now: number,
  most = MOST_READ,
): Answers['applications'] {
  const isPast = asked !== null && asked <= now;
  const to = isPast ? asked : now;
  return {
    asOf: iso(now),
    from: iso(from),
    to: iso(to),
    known: applicationHosts(database).length,
    // What begins this very moment is on, too.
    ...foundIn(items, question, { from: Math.min(from, to), to: isPast ? to : now + 1, now }, most),
  };
}

/** Milliseconds since 1970 UTC, the end excluded. */
interface Times {
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

function foundIn(
  items: Items,
  { host, virtualProxy, names }: Pick<ApplicationsQuestion, 'host' | 'virtualProxy' | 'names'>,
  times: Times,
  most: number,
): Found {
  const { from, to } = times;
  const filters = {
    ...{ host, virtualProxy, app: null, user: null, from, to },
    ...{ active: null, at: null, application: true, limit: 1, cursor: null },
  };
  const all = new Tally(times);
  const ofHosts = new Map<string, Tally>();
  for (const cells of items.sessionCells(filters, COLUMNS)) {
    if (all.sessions === most) return TOO_MANY;
    const [, startedAt, endedAt, user, number] = cells as unknown as SessionCells;
    const person = items.seen.person(user);
    all.add(startedAt, endedAt, person);
    const name = items.seen.text(number);
    if (name === null) continue;
    const ofHost = ofHosts.get(name) ?? new Tally(times);
    ofHosts.set(name, ofHost);
    ofHost.add(startedAt, endedAt, person);
  }
  const called = new Map(names);
  const largest = firstOf(ofHosts, MOST_LISTED, bySessions);
  return {
    ...all.numbers,
    startedPerHour: to > from ? rounded((all.started * HOUR_MS) / (to - from)) : null,
    total: ofHosts.size,
    items: largest.map(([of, tally]) => itemOf(of, called.get(of) ?? null, tally)),
  };
}

function itemOf(host: string, name: string | null, { numbers }: Tally): ApplicationItem {
  return { host, name, ...numbers, averageDurationSeconds: numbers.averageDurationSeconds ?? 0 };
}

function bySessions([a, one]: [string, Tally], [b, other]: [string, Tally]): number {
  if (one.sessions !== other.sessions) return other.sessions - one.sessions;
  return a < b ? -1 : 1;
}

class Tally {
  readonly #times: Times;
  readonly #users = new Set<number>();
  readonly #usersOnline = new Set<number>();
  sessions = 0;
  started = 0;
  #online = 0;
  #durationMs = 0;

  constructor(times: Times) {
    this.#times = times;
  }

  add(startedAt: number, endedAt: number | null, person: number | null): void {
    const { from, to, now } = this.#times;
    this.sessions += 1;
    if (startedAt >= from) this.started += 1;
    this.#durationMs += Math.max(0, (endedAt ?? now) - startedAt);
    if (person !== null) this.#users.add(person);
    // At the last moment of the range.
    if (endedAt !== null && endedAt < to) return;
    this.#online += 1;
    if (person !== null) this.#usersOnline.add(person);
  }

  get numbers() {
    const { sessions, started } = this;
    return {
      sessions,
      started,
      users: this.#users.size,
      averageDurationSeconds: sessions === 0 ? null : secondsOf(this.#durationMs / sessions),
      online: this.#online,
      usersOnline: this.#usersOnline.size,
    };
  }
}

/** To hundredths. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
