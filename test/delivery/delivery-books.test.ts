import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';

const FEED = 'events';

let directory: string;
let store: DeliveryStore;
let sink: string;
let sinks = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headcount-books-'));
  store = DeliveryStore.of(directory, 'store');
  newSink();
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

/** One that nothing is known of. */
function newSink(): void {
  sinks += 1;
  sink = `sink ${sinks}`;
}

type Fate = 'delivered' | 'passed' | 'dead' | 'retry' | 'dropped';

/** What became of each number, one by one: a letter stands for the numbers from the one before it up to its own. */
class Books {
  first: number;
  readonly fates = new Map<number, Fate>();
  /** The number of each letter, and the numbers it stands for. */
  readonly letters = new Map<number, number[]>();

  constructor(first: number) {
    this.first = first;
  }

  get done(): number {
    return Math.max(this.first - 1, ...this.fates.keys());
  }

  #settle(through: number, fate: Fate): number[] {
    const numbers = Array.from({ length: through - this.done }, (_, n) => this.done + 1 + n);
    for (const number of numbers) this.fates.set(number, fate);
    return numbers;
  }

  delivered(through: number): void {
    this.#settle(through, 'delivered');
  }

  passed(through: number): void {
    this.#settle(through, 'passed');
  }

  setAside(number: number): void {
    this.letters.set(number, this.#settle(number, 'dead'));
  }

  move(from: readonly Fate[], to: Fate): void {
    for (const [number, fate] of this.fates) if (from.includes(fate)) this.fates.set(number, to);
    if (to === 'delivered') this.letters.clear();
  }

  /** What a letter from `from` on stood for before that was told with another row. */
  rewind(from: number): void {
    for (const [letter, numbers] of this.letters) {
      if (letter < from) continue;
      for (const number of numbers) this.fates.set(number, 'delivered');
      this.letters.delete(letter);
    }
    for (const number of this.fates.keys()) if (number >= from) this.fates.delete(number);
  }

  count(...fates: Fate[]): number {
    return [...this.fates.values()].filter((fate) => fates.includes(fate)).length;
  }
}

/** One of these, with numbers that are made of the draws. */
const step = fc.record({
  what: fc.constantFrom(
    ...(['deliver', 'deliver', 'set aside', 'set aside', 'pass', 'rewind', 'put back'] as const),
    ...(['retry', 'drop', 'revive', 'refuse again'] as const),
  ),
  by: fc.integer({ min: 0, max: 4 }),
});

function compare(books: Books): void {
  const cursor = store.cursor(sink, FEED, books.first);
  expect(cursor).toEqual({
    first: books.first,
    done: books.done,
    delivered: books.count('delivered'),
    passedByRetention: books.count('passed'),
  });
  const counts = { dead: books.count('dead', 'retry'), dropped: books.count('dropped'), excluded: 0 };
  expect(store.setAsideCounts(sink, FEED)).toEqual(counts);
  expect(cursor.done - cursor.first + 1).toBe(
    cursor.delivered + cursor.passedByRetention + counts.dead + counts.dropped,
  );
}

describe('the books of a sink', () => {
  it('agree with what became of each number, one by one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 25 }), (first, steps) => {
        newSink();
        const books = new Books(first);
        compare(books);
        for (const { what, by } of steps) {
          play(books, what, by);
          compare(books);
        }
      }),
      { numRuns: 60 },
    );
  });

  function play(books: Books, what: string, by: number): void {
    const { done } = books;
    // Retention and backups reach behind nothing that was passed: numberAt and the journal have no such rows.
    const lastPassed = Math.max(
      books.first - 1,
      ...[...books.fates].map(([n, fate]) => (fate === 'passed' ? n : 0)),
    );
    const back = Math.max(lastPassed + 1, done + 1 - by);
    const letters = [...store.list(sink)];
    if (what === 'deliver') {
      store.delivered(sink, FEED, done + by);
      books.delivered(done + by);
    } else if (what === 'set aside') {
      store.setAside(sink, FEED, done + 1 + by, 5, 'reason', '{}');
      books.setAside(done + 1 + by);
    } else if (what === 'pass') {
      store.passedByRetention(sink, FEED, done + by);
      books.passed(done + by);
    } else if (what === 'rewind') {
      store.rewind(sink, FEED, back);
      books.rewind(back);
    } else if (what === 'put back') {
      // To where no letter is torn apart.
      const whole = [...books.letters].filter(
        ([letter, numbers]) => letter >= back && (numbers[0] ?? 0) < back,
      );
      if (whole.length > 0 || back > done) return;
      store.steppedBack(sink, FEED, back - 1);
      books.rewind(back);
    } else if (what === 'retry') {
      store.retry(sink, null);
      books.move(['dead'], 'retry');
    } else if (what === 'drop') {
      store.drop(sink, null);
      books.move(['dead', 'retry'], 'dropped');
    } else if (what === 'revive') {
      const [letter] = letters.filter(({ state }) => state === 'retry');
      if (letter === undefined) return;
      store.revived(letter);
      for (const number of books.letters.get(letter.number) ?? []) books.fates.set(number, 'delivered');
      books.letters.delete(letter.number);
    } else {
      const [letter] = letters.filter(({ state }) => state === 'retry');
      if (letter === undefined) return;
      store.refusedAgain(letter.id, 6, 'again');
      for (const number of books.letters.get(letter.number) ?? []) books.fates.set(number, 'dead');
    }
  }

  describe.each([
    ['the one before it', 4],
    ['exactly that one', 5],
    ['the one after it', 6],
  ] as const)('with a dead letter 5 of 8 numbers, from %s on', (_what, from) => {
    beforeEach(() => {
      store.cursor(sink, FEED, 1);
      store.delivered(sink, FEED, 4);
      store.setAside(sink, FEED, 5, 0, 'reason', '{}');
      store.delivered(sink, FEED, 8);
    });
    const isKept = from > 5;
    const books = { first: 1, done: from - 1, delivered: from - 1 - (isKept ? 1 : 0), passedByRetention: 0 };

    it('are right when everything is sent again', () => {
      store.rewind(sink, FEED, from);
      expect(store.cursor(sink, FEED, 1)).toEqual(books);
      expect([...store.list(sink)].map(({ number }) => number)).toEqual(isKept ? [5] : []);
    });

    it('are right when the journal is put back', () => {
      store.steppedBack(sink, FEED, from - 1);
      expect(store.cursor(sink, FEED, 1)).toEqual(books);
      expect([...store.list(sink)].map(({ number }) => number)).toEqual(isKept ? [5] : []);
    });
  });

  it('are left alone where everything from a moment on is to be sent again that the sink has not reached', () => {
    store.cursor(sink, FEED, 1);
    store.delivered(sink, FEED, 4);
    for (const from of [6, 5]) {
      store.rewind(sink, FEED, from);
      expect(store.cursor(sink, FEED, 1)).toMatchObject({ done: 4, delivered: 4 });
    }
    store.rewind(sink, FEED, 4);
    expect(store.cursor(sink, FEED, 1)).toMatchObject({ done: 3, delivered: 3 });
  });

  it('never say less than nothing, wherever a journal is put back to', () => {
    for (let last = 0; last < 12; last += 1) {
      newSink();
      store.cursor(sink, FEED, 3);
      store.delivered(sink, FEED, 4);
      store.passedByRetention(sink, FEED, 7);
      store.setAside(sink, FEED, 8, 0, 'reason', '{}');
      store.delivered(sink, FEED, 11);
      store.steppedBack(sink, FEED, last);
      const { first, done, delivered, passedByRetention } = store.cursor(sink, FEED, 3);
      const { dead } = store.setAsideCounts(sink, FEED);
      expect(done).toBe(last);
      expect(Math.min(delivered, passedByRetention, dead)).toBeGreaterThanOrEqual(0);
      expect(delivered + passedByRetention + dead).toBe(done - first + 1);
      expect(dead).toBe(last >= 8 ? 1 : 0);
    }
  });
});

describe('the file of the books', () => {
  it('is there once a sink was delivered to', () => {
    expect(DeliveryStore.exists(directory)).toBe(true);
    expect(DeliveryStore.exists(join(directory, 'other'))).toBe(false);
  });

  it('keeps dead letters with everything that was said of them', () => {
    store.cursor(sink, FEED, 1);
    store.setAside(sink, FEED, 3, 1_000, 'not a number', '{"seq":3}');
    const letter = { sink, feed: FEED, number: 3, numbers: 3, at: 1_000, reason: 'not a number' };
    expect([...store.list(null)]).toEqual([{ id: 1, ...letter, state: 'dead', data: '{"seq":3}' }]);
    expect([...store.list('other')]).toEqual([]);
    expect([
      store.retry('other', null),
      store.retry(sink, 2),
      store.retry(sink, 1),
      store.retry(sink, 1),
    ]).toEqual([0, 0, 1, 0]);
    expect(store.toRetry(sink, [FEED], 1)).toMatchObject([{ id: 1, state: 'retry' }]);
    expect(store.toRetry('other', [FEED], 1)).toEqual([]);
    store.refusedAgain(1, 2_000, 'still not');
    expect([...store.list(sink)]).toMatchObject([{ state: 'dead', at: 2_000, reason: 'still not' }]);
    expect([store.drop(sink, 2), store.drop(sink, 1), store.drop(sink, 1)]).toEqual([0, 1, 0]);
    expect([...store.list(sink)]).toEqual([]);
    expect(store.setAsideCounts(sink, FEED)).toEqual({ dead: 0, dropped: 3, excluded: 0 });
    expect(store.sinks()).toEqual([sink]);
  });
});
