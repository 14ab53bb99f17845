import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest, NOON } from './api-under-test.ts';

/** Characters of the message of an event, and how many such events there are: 6 MB. */
const LONG = 4_000;
const EVENTS = 1_500;
/** A page ends with the item that goes beyond 2 MiB; names of fields come on top. */
const MOST = 2 * 1_024 * 1_024 * 1.2;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await new ApiUnderTest().start();
  for (let from = 0; from < EVENTS; from += 100) {
    const items = Array.from({ length: 100 }, (_, n) => ({
      type: 'connection_open',
      user: { directory: 'LAB', id: 'ann' },
      host: 'qs1',
      appId: `${from + n}`,
      at: new Date(NOON + from + n).toISOString(),
      message: `${from + n} ${'x'.repeat(LONG)}`,
    }));
    expect((await api.post(items)).statusCode).toBe(202);
  }
});
afterAll(() => api.stop());

it.each(['events?limit=1000', 'events?limit=1000&format=csv', 'around?at=2026-05-19T12:00:01Z&limit=1000'])(
  '%s has no more text than two megabytes',
  async (question) => {
    const { statusCode, text } = await api.get(`/api/v1/${question}`);
    expect(statusCode).toBe(200);
    expect(text.length).toBeGreaterThan(MOST / 2);
    expect(text.length).toBeLessThan(MOST);
  },
);

it('the pages of long events have all of them, one after the other', async () => {
  const seqs: number[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await api.get(`/api/v1/events?limit=1000${cursor}`);
    seqs.push(...body.items.map(({ seq }) => Number(seq)));
    if (body['nextCursor'] === null) break;
    cursor = `&cursor=${body['nextCursor']}`;
  }
  expect(seqs).toEqual(Array.from({ length: EVENTS }, (_, n) => EVENTS - n));
});

it('a session with long events has the latest of them, and says that there are more', async () => {
  const [session] = (await api.get('/api/v1/sessions')).body.items;
  const { body, text } = await api.get(`/api/v1/sessions/${session?.id}`);
  expect(text.length).toBeLessThan(MOST);
  const timeline = body['timeline'] as readonly { seq: number }[];
  expect(timeline.at(-1)?.seq).toBe(EVENTS);
  expect(body['truncated']).toBe(true);
});
