import type { DatabaseSync } from 'node:sqlite';
import type { Items } from '../items.ts';
import { keptSince } from '../kept-since.ts';
import type { Part } from './part.ts';
import { PartSessions } from './part-sessions.ts';
import { LATE_CLOSE_MS } from './recently.ts';
import { NOT_OF_PARTS, runningSteps, type Step, type StepRange, UNKNOWN } from './stored-steps.ts';

/** Sessions and connections looked at, each: others wait for the reader. */
const MOST_READ = 300_000;

/**
 * Steps of what has more than one name, of which no points are written down: made from the sessions as they are known
 * now. With an app, they are of its connections. Null where there are too many. A step in which the program did not run, or
 * of which sessions were deleted, has no level, and null counts unless an event time falls into it.
 */
export function sweptSteps(
  database: DatabaseSync,
  items: Items,
  part: Part,
  range: StepRange,
): Step[] | null {
  const { stepSeconds, first, last } = range;
  const sessions = new PartSessions(database, items, part, MOST_READ);
  const sweep = new Sweep(range);
  const to = (last + stepSeconds) * 1000;
  for (const session of sessions.find({ from: first * 1000 - LATE_CLOSE_MS, to })) {
    const { startedAt, endedAt, user } = session;
    const person = items.seen.person(user);
    if (part.app === null) {
      sweep.count(startedAt, endedAt);
      sweep.stay(startedAt, endedAt, person);
    }
    for (const { openedAt, closedAt } of sessions.connectionsOf(session)) {
      // What closed after its session had ended was not on any more, though its Close has a time of its own.
      const [from, to] = [Math.max(openedAt, startedAt), earlier(closedAt, endedAt)];
      if (part.app !== null) {
        sweep.count(openedAt, closedAt);
        sweep.stay(from, to, person);
      }
      sweep.level('connections', from, to);
    }
  }
  if (sessions.hasTooManySessions || sessions.hasTooManyConnections) return null;
  const running = runningSteps(database, range);
  const knownFrom = keptSince(database) / 1000;
  return sweep.steps((at) => running.has(at) && at >= knownFrom);
}

/** Something was open in the steps from one to another, the second one excluded. */
type Stay = readonly [from: number, to: number];

/** Adds up what began, ended and was open. Costs O(1) for each, and O(steps) in the end. */
class Sweep {
  readonly #range: StepRange;
  readonly #count: number;
  readonly #created: Int32Array;
  readonly #destroyed: Int32Array;
  /** What is open more or less than in the step before. */
  readonly #changes: Readonly<Record<'active' | 'users' | 'connections', Int32Array>>;
  readonly #stays = new Map<number, Stay[]>();

  constructor(range: StepRange) {
    this.#range = range;
    this.#count = Math.max(0, (range.last - range.first) / range.stepSeconds + 1);
    const zeros = () => new Int32Array(this.#count + 1);
    this.#created = zeros();
    this.#destroyed = zeros();
    this.#changes = { active: zeros(), users: zeros(), connections: zeros() };
  }

  /** The step in which a time lies, milliseconds since 1970 UTC; below zero or beyond the last where it lies in none. */
  #placeOf(at: number): number {
    return Math.floor((at / 1000 - this.#range.first) / this.#range.stepSeconds);
  }

  /** What began, and ended unless that is null. */
  count(from: number, to: number | null): void {
    count(this.#created, this.#placeOf(from), this.#count);
    if (to !== null) count(this.#destroyed, this.#placeOf(to), this.#count);
  }

  /** From when to when something was active, with its user. */
  stay(from: number, to: number | null, person: number | null): void {
    const stay = this.level('active', from, to);
    if (stay === null || person === null) return;
    const stays = this.#stays.get(person);
    if (stays === undefined) this.#stays.set(person, [stay]);
    else stays.push(stay);
  }

  /** What was open at the end of some steps. */
  level(name: 'active' | 'connections', from: number, to: number | null): Stay | null {
    const stay = [
      Math.max(0, this.#placeOf(from)),
      to === null ? this.#count : Math.min(this.#count, this.#placeOf(to)),
    ] as const;
    if (stay[0] >= stay[1]) return null;
    change(this.#changes[name], stay);
    return stay;
  }

  steps(isKnown: (at: number) => boolean): Step[] {
    for (const stays of this.#stays.values()) {
      for (const stay of united(stays)) change(this.#changes.users, stay);
    }
    const level = { active: 0, users: 0, connections: 0 };
    return Array.from({ length: this.#count }, (_, place) => {
      for (const name of ['active', 'users', 'connections'] as const) {
        level[name] += this.#changes[name][place] ?? 0;
      }
      const at = this.#range.first + place * this.#range.stepSeconds;
      const [created = 0, destroyed = 0] = [this.#created[place], this.#destroyed[place]];
      if (isKnown(at)) return { at, created, destroyed, rejected: null, ...level, ...NOT_OF_PARTS };
      return { at, ...UNKNOWN, created: created || null, destroyed: destroyed || null };
    });
  }
}

/** Null is never. */
function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function count(counts: Int32Array, place: number, length: number): void {
  if (place >= 0 && place < length) counts[place] = (counts[place] ?? 0) + 1;
}

function change(changes: Int32Array, [from, to]: Stay): void {
  changes[from] = (changes[from] ?? 0) + 1;
  changes[to] = (changes[to] ?? 0) - 1;
}

/** The steps of all, each once. */
function united(stays: Stay[]): Stay[] {
  const found: Stay[] = [];
  for (const [from, to] of stays.sort(([a], [b]) => a - b)) {
    const before = found.at(-1);
    if (before === undefined || from > before[1]) found.push([from, to]);
    else found[found.length - 1] = [before[0], Math.max(before[1], to)];
  }
  return found;
}
