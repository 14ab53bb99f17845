import type { DatabaseSync } from 'node:sqlite';
import type { Answers, PeaksItem } from '../answers.ts';
import { findEvents } from '../event-search.ts';
import type { Filters } from '../filters.ts';
import type { Items } from '../items.ts';
import { keptSince } from '../kept-since.ts';
import { People } from '../people.ts';
import { findSessions } from '../sessions/session-search.ts';
import { Calendar, type CalendarUnit } from './calendar.ts';
import { type Peak, type Peaks, peaksBetween, SEAT_HELD_MS, type Stay } from './peak-sweep.ts';

export interface PeaksQuestion {
  readonly by: CalendarUnit;
  /** Of the sessions and rejections; its times are those of the first and the last item. */
  readonly filters: Filters & { readonly from: number; readonly to: number };
  readonly timeZone: string;
}

/** Sessions read before an answer stops with the item that it has begun: others wait for the reader. */
const MOST_READ = 500_000;
/** Of hours, so many are swept at once, since most sessions reach into several. */
const HOURS_AT_ONCE = 24;
const HOUR_MS = 3_600_000;

/**
 * The peaks of each hour, day or month, oldest first. One in which the program did not run, or of which sessions have been
 * deleted, has nulls. Months are swept day by day.
 */
export function peaksOf(
  database: DatabaseSync,
  { isShown }: Pick<Items, 'isShown'>,
  question: PeaksQuestion,
  now: number,
): Answers['peaks'] {
  return new PeaksQuery(database, isShown, question, now).answer();
}

/** A time that is swept as one, with what happened in it; null where nobody knows. */
interface Cell {
  readonly from: number;
  readonly to: number;
  readonly found: (Peaks & { readonly rejected: number }) | null;
}

class PeaksQuery {
  readonly #database: DatabaseSync;
  readonly #isShown: string | null;
  readonly #question: PeaksQuestion;
  readonly #now: number;
  readonly #knownFrom: number;
  readonly #calendar: Calendar;
  readonly #people: People;
  #read = 0;

  constructor(database: DatabaseSync, isShown: string | null, question: PeaksQuestion, now: number) {
    this.#database = database;
    this.#isShown = isShown;
    this.#question = question;
    this.#now = now;
    this.#knownFrom = keptSince(database);
    this.#calendar = new Calendar(question.timeZone);
    this.#people = new People(database);
  }

  answer(): Answers['peaks'] {
    const { by, filters } = this.#question;
    const { to, limit, cursor } = filters;
    const from = cursor ?? filters.from;
    const items: PeaksItem[] = [];
    const begins = this.#calendar.beginnings(by, from);
    let edges = [begins.next().value];
    while ((edges.at(-1) as number) < to) {
      if (items.length >= limit || this.#read > MOST_READ) return { items, nextCursor: String(edges.at(-1)) };
      const most = Math.min(by === 'hour' ? HOURS_AT_ONCE : 1, limit - items.length);
      edges = edges.slice(-1);
      while (edges.length <= most && (edges.at(-1) as number) < to) edges.push(begins.next().value);
      if (by === 'month') items.push(itemOf(this.#days(edges[0] as number, edges[1] as number)));
      else items.push(...this.#cells(edges).map((cell) => itemOf([cell])));
    }
    return { items, nextCursor: null };
  }

  #days(from: number, to: number): Cell[] {
    const cells: Cell[] = [];
    let before = from;
    for (const at of this.#calendar.beginnings('day', from)) {
      if (at > before) cells.push(...this.#cells([before, Math.min(at, to)]));
      before = Math.max(at, from);
      if (at >= to) return cells;
    }
    return cells;
  }

  /** What was between each two edges. */
  #cells(edges: readonly number[]): Cell[] {
    const [from, to] = [edges[0] as number, edges.at(-1) as number];
    const hours = this.#hoursRun(from, to);
    const ends = edges.slice(1);
    const known = ends.map((end, place) => {
      const begin = edges[place] as number;
      const isKept = begin >= this.#knownFrom && begin <= this.#now;
      return isKept && hours.some((hour) => hour + HOUR_MS > begin && hour < end);
    });
    const isAnyKnown = known.includes(true);
    // What is still to come is not known, whatever is open.
    const until = edges.map((edge) => Math.min(edge, this.#now + 1));
    const peaks = isAnyKnown ? peaksBetween(until, this.#stays(from, to)) : [];
    const rejected = isAnyKnown ? this.#rejected(edges) : [];
    return ends.map((end, place) => ({
      from: edges[place] as number,
      to: end,
      found: known[place] ? { ...(peaks[place] as Peaks), rejected: rejected[place] ?? 0 } : null,
    }));
  }

  /** Hours of UTC in which the program ran. */
  #hoursRun(from: number, to: number): number[] {
    const rows = this.#database
      .prepare(
        `SELECT at FROM points WHERE dimension = (SELECT id FROM dimensions WHERE name = 'all') AND step = 3600
         AND at > ? AND at < ? AND active IS NOT NULL`,
      )
      .all((from - HOUR_MS) / 1000, to / 1000);
    return rows.map(({ at }) => Number(at) * 1000);
  }

  #stays(from: number, to: number): Stay[] {
    const filters = { ...this.#question.filters, cursor: null, active: null, at: null };
    const found = findSessions(this.#database, { ...filters, from: from - SEAT_HELD_MS, to }, this.#isShown);
    const byId = this.#database.prepare('SELECT started_at, ended_at, user FROM sessions WHERE id = ?');
    byId.setReturnArrays(true);
    const stays: Stay[] = [];
    for (const id of found) {
      const [startedAt, endedAt, user] = byId.get(id) as unknown as [number, number | null, number];
      stays.push({ startedAt, endedAt, person: this.#people.of(user) });
    }
    this.#read += stays.length;
    return stays;
  }

  #rejected(edges: readonly number[]): number[] {
    const counts = edges.slice(1).map(() => 0);
    const filters = { ...this.#question.filters, cursor: null, kind: 'session_rejected' as const };
    const bySeq = this.#database.prepare('SELECT at FROM events WHERE seq = ?');
    const [from, to] = [edges[0] as number, edges.at(-1) as number];
    for (const seq of findEvents(this.#database, { ...filters, from, to }, null, this.#isShown)) {
      const at = Number(bySeq.get(seq)?.['at']);
      const place = edges.findLastIndex((edge) => edge <= at);
      counts[place] = (counts[place] ?? 0) + 1;
      this.#read += 1;
    }
    return counts;
  }
}

function itemOf(cells: readonly Cell[]): PeaksItem {
  const known = cells.flatMap(({ found }) => (found === null ? [] : [found]));
  const sum = (name: 'created' | 'rejected') =>
    known.length === 0 ? null : known.reduce((total, each) => total + each[name], 0);
  return {
    from: new Date(cells[0]?.from ?? 0).toISOString(),
    to: new Date(cells.at(-1)?.to ?? 0).toISOString(),
    sessions: highest(known.map(({ sessions }) => sessions)),
    users: highest(known.map(({ users }) => users)),
    seats: highest(known.map(({ seats }) => seats)),
    created: sum('created'),
    rejected: sum('rejected'),
  };
}

function highest(peaks: readonly Peak[]): PeaksItem['sessions'] {
  const [first] = peaks;
  if (first === undefined) return { peak: null, at: null };
  const { peak, at } = peaks.reduce((top, each) => (each.peak > top.peak ? each : top), first);
  return { peak, at: at === null ? null : new Date(at).toISOString() };
}
