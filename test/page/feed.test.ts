import { beforeEach, describe, expect, it } from 'vitest';
import type { EventItem } from '../../src/journal/read/answers.ts';
import { Feed, MOST_ROWS } from '../../src/page/activity/feed.ts';

const events = (...seqs: number[]) => seqs.map((seq) => ({ seq }) as EventItem);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

let feed: Feed;
beforeEach(() => {
  feed = new Feed();
});
const tell = (...seqs: number[]) => {
  for (const event of events(...seqs)) feed.event(event);
};
const shown = () => feed.rows.value.map(({ seq }) => seq);

describe('the feed of what happens', () => {
  it('shows what arrived only when it is time to, the newest first', () => {
    tell(1, 2, 3);
    expect(shown()).toEqual([]);
    feed.show(false);
    expect(shown()).toEqual([3, 2, 1]);
  });

  it('has an event once that is told and is in the history too, whichever comes first', () => {
    tell(5, 6);
    feed.show(false);
    feed.fill(events(6, 5, 4));
    tell(7);
    feed.show(false);
    expect(shown()).toEqual([7, 6, 5, 4]);
  });

  it('stands still while it is held, says how many wait, and shows them afterwards', () => {
    tell(1);
    feed.show(false);
    tell(2, 3);
    feed.show(true);
    tell(4);
    feed.passOver(10);
    feed.show(true);
    expect([shown(), feed.waiting.value]).toEqual([[1], 13]);
    feed.show(false);
    expect([shown(), feed.waiting.value, feed.passedOver.value]).toEqual([[4, 3, 2, 1], 0, 10]);
    feed.show(false);
    expect(feed.passedOver.value).toBe(0);
  });

  it('keeps the latest rows only, also while it is held for long', () => {
    const last = 10 * MOST_ROWS;
    tell(...range(1, last));
    feed.show(true);
    expect(feed.waiting.value).toBe(last);
    feed.show(false);
    expect(shown()).toEqual(range(last - MOST_ROWS + 1, last).reverse());
  });

  it('is empty when something else is looked at', () => {
    tell(1);
    feed.show(false);
    tell(2);
    feed.clear();
    feed.show(false);
    expect(shown()).toEqual([]);
  });
});
