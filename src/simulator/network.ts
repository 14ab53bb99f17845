import { between, type Random } from './random.ts';
import { createSchedule } from './schedule.ts';

/** Shares are 0 to 1. */
export interface Faults {
  readonly loss: number;
  readonly duplicate: number;
  /** How many lines are late, by up to `reorderDelayMs`. */
  readonly reorder: number;
  readonly reorderDelayMs: number;
}

/** Always `offered = delivered - duplicated + lost`, once nothing waits any more. */
export interface NetworkCounts {
  readonly offered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly delivered: number;
  /** First copies that came out after one that was offered later. */
  readonly reordered: number;
}

/** A network with faults, without the wire: lines go in, and come out in the order of their arrival. */
export interface Network<T> {
  offer(item: T, at: number): void;
  /** What has arrived by `at`. */
  take(at: number): T[];
  /** When the next one arrives, `null` when none is on its way. */
  nextAt(): number | null;
  counts(): NetworkCounts;
}

export function createNetwork<T>(faults: Faults, random: Random): Network<T> {
  const underway = createSchedule<{ readonly item: T; readonly number: number; readonly isCopy: boolean }>();
  let [offered, lost, duplicated, delivered, reordered, newest] = [0, 0, 0, 0, 0, 0];

  function delay(): number {
    return random() < faults.reorder ? between(random, 0, faults.reorderDelayMs) : 0;
  }

  function next(): T | null {
    const arrival = underway.take();
    if (arrival === null) return null;
    delivered += 1;
    if (!arrival.isCopy && arrival.number < newest) reordered += 1;
    newest = Math.max(newest, arrival.number);
    return arrival.item;
  }

  return {
    offer(item, at) {
      offered += 1;
      if (random() < faults.loss) {
        lost += 1;
        return;
      }
      underway.add(at + delay(), { item, number: offered, isCopy: false });
      if (random() >= faults.duplicate) return;
      duplicated += 1;
      underway.add(at + delay(), { item, number: offered, isCopy: true });
    },
    take(at) {
      const arrived: T[] = [];
      for (let due = underway.nextAt(); due !== null && due <= at; due = underway.nextAt()) {
        const item = next();
        if (item !== null) arrived.push(item);
      }
      return arrived;
    },
    nextAt: () => underway.nextAt(),
    counts: () => ({ offered, lost, duplicated, delivered, reordered }),
  };
}
