import type { UserEvent } from '../../contract/event.ts';

const SLOT_MS = 30_000;
const MOST_SLOTS = 10;
/** Of a host that sends seldom so many slots count, however old. */
const LEAST_SLOTS = 3;
/** The lag of a clock stays the same for so long. That of lines that were held back shrinks as they come. */
const STEADY_MS = 60_000;
const STEADY_WITHIN_MS = 5_000;
/** What is less may be the way here, and disturbs nothing. */
const NOTEWORTHY_MS = 60_000;

/** The smallest lag of the lines that came within half a minute: arrival less event time, milliseconds. */
export interface LagSlot {
  /** Arrival of its first line. */
  readonly from: number;
  leastMs: number;
}

/** What the lines of one host say of its clock. */
export class HostClock {
  slots: LagSlot[];
  toldAt = Number.NEGATIVE_INFINITY;
  #offsetMs: number | null = null;

  constructor(slots: readonly LagSlot[] = []) {
    this.slots = slots.map((slot) => ({ ...slot }));
    this.#judge();
  }

  /** How far the clock is behind ours, negative where it is ahead; null while that is not known. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  /** The clock is known to be wrong. */
  get isOff(): boolean {
    return Math.abs(this.#offsetMs ?? 0) > NOTEWORTHY_MS;
  }

  /** Lines come long after what they tell, and it is not the clock: more of them may be on their way. */
  get isLate(): boolean {
    return this.#offsetMs === null && Math.abs(this.slots.at(-1)?.leastMs ?? 0) > NOTEWORTHY_MS;
  }

  note(receivedAt: number, lagMs: number): void {
    const last = this.slots.at(-1);
    // A lag is the offset and the way here, so a smaller one shows that the offset is no longer what it was.
    if (this.#offsetMs !== null && lagMs < this.#offsetMs - STEADY_WITHIN_MS) this.slots = [];
    else if (last !== undefined && Math.abs(receivedAt - last.from) < SLOT_MS) {
      if (lagMs >= last.leastMs) return;
      last.leastMs = lagMs;
      this.#judge();
      return;
    }
    const isKept = ({ from }: LagSlot, place: number) =>
      receivedAt - from < SLOT_MS * MOST_SLOTS || place >= this.slots.length - (LEAST_SLOTS - 1);
    this.slots = this.slots.filter(isKept);
    this.slots.push({ from: receivedAt, leastMs: lagMs });
    if (this.slots.length > MOST_SLOTS) this.slots.shift();
    this.#judge();
  }

  #judge(): void {
    const [first] = this.slots;
    const last = this.slots.at(-1);
    this.#offsetMs = null;
    if (first === undefined || last === undefined || last.from - first.from < STEADY_MS) return;
    const lags = this.slots.map(({ leastMs }) => leastMs);
    const least = Math.min(...lags);
    if (Math.max(...lags) - least <= STEADY_WITHIN_MS) this.#offsetMs = least;
  }
}

/** The times of an event. */
export type SignTime = Pick<UserEvent, 'at' | 'timed' | 'rowNumber' | 'receivedAt'>;

/**
 * By our clock, when the one who sent this was on. Lines are sent as they are written, so it is their arrival, whatever the clock of
 * their node says. Without a row number a time is that of an HTTP item, whose sender may tell of the past.
 */
export function signOfLifeAt({ at, timed, rowNumber, receivedAt }: SignTime): number {
  return timed && rowNumber === null ? Math.min(at, receivedAt) : receivedAt;
}
