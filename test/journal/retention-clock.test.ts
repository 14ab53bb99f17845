import { describe, expect, it } from 'vitest';
import {
  clockDoubt,
  keepRetentionTime,
  RetentionClock,
  retentionTime,
} from '../../src/journal/write/retention-clock.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 28);

/** A clock that is looked at each minute, and what it was last. */
function run(clock: RetentionClock, from: number, wallAhead: number, minutes: number) {
  let last = clock.look(START + from + wallAhead, from);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const running = from + minute * MINUTE;
    last = clock.look(START + running + wallAhead, running);
  }
  return last;
}

describe('the clock of retention', () => {
  it('is the clock of the machine while that goes as time does', () => {
    const clock = new RetentionClock(START, 0);
    expect(run(clock, 0, 0, 600)).toEqual({ at: START + 600 * MINUTE, doubt: null });
  });

  it('follows a step of an hour, and the hours in which the program did not run', () => {
    expect(new RetentionClock(START, 0).look(START + HOUR, 0)).toEqual({ at: START + HOUR, doubt: null });
    expect(new RetentionClock(START, 0).look(START + 23 * HOUR, 0).doubt).toBeNull();
  });

  it('goes by the time that really passed while the machine says 400 days more, and says so', () => {
    const clock = new RetentionClock(START, 0);
    const ahead = clock.look(START + MINUTE + 400 * DAY, MINUTE);
    expect(ahead).toEqual({ at: START + MINUTE, doubt: { aheadMs: 400 * DAY, believedInMs: DAY } });
    expect(clock.look(START + 2 * MINUTE, 2 * MINUTE)).toEqual({ at: START + 2 * MINUTE, doubt: null });
  });

  it('believes a clock that has stayed there for a day: the program was away for so long', () => {
    const clock = new RetentionClock(START, 0);
    expect(run(clock, 0, 90 * DAY, 24 * 60 - 1).doubt).not.toBeNull();
    expect(run(clock, DAY, 90 * DAY, 0)).toEqual({ at: START + DAY + 90 * DAY, doubt: null });
  });

  it('begins the day anew after a clock that came back', () => {
    const clock = new RetentionClock(START, 0);
    run(clock, 0, 400 * DAY, 23 * 60);
    run(clock, 23 * HOUR, 0, 1);
    expect(run(clock, 24 * HOUR, 400 * DAY, 60).doubt).not.toBeNull();
  });

  it('never goes by a later time than the machine says', () => {
    const clock = new RetentionClock(START + 400 * DAY, 0);
    expect(clock.look(START, 0).at).toBe(START);
    expect(run(clock, 0, 0, 24 * 60).doubt).toBeNull();
    expect(clock.look(START + DAY + 400 * DAY, DAY).doubt).not.toBeNull();
  });
});

describe('what is told of a clock that is not believed', () => {
  it('is how far off it is, what it would cost, and until when it can be set', () => {
    expect(clockDoubt({ aheadMs: 400 * DAY, believedInMs: DAY - MINUTE, events: 1_099 })).toBe(
      'it is 400 days ahead of the time that has passed since retention ran last. By it about 1099 events would be ' +
        'deleted; they stay. If it stays like this it is believed in 24 h: if it is wrong, set it before',
    );
  });
});

describe('what a store remembers of it', () => {
  it('is the time of its last state before retention ever ran, then what retention went by, to the hour', () => {
    const stored = new StoredSite(SETTINGS);
    try {
      expect(retentionTime(stored.database)).toBeNull();
      stored.commit(START, true);
      expect(retentionTime(stored.database)).toBe(START);
      for (const at of [START + HOUR, START + HOUR + 59 * MINUTE]) keepRetentionTime(stored.database, at);
      stored.commit(START + 400 * DAY, true);
      expect(retentionTime(stored.database)).toBe(START + HOUR);
      keepRetentionTime(stored.database, START + 2 * HOUR);
      expect(retentionTime(stored.database)).toBe(START + 2 * HOUR);
    } finally {
      stored.dispose();
    }
  });
});
