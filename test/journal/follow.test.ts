import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { type Followed, Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { ApiUnderTest } from '../api/api-under-test.ts';

const NO_FILTERS = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null, kind: null },
  ...{ limit: 1_000, cursor: null },
};
const EVENTS = 3_000;
const DELETED = 1_000;
const MOST_CHARACTERS = 150_000;

const api = new ApiUnderTest();
let queries: Queries;
beforeAll(async () => {
  await api.start();
  const context = 'c'.repeat(500);
  for (let n = 0; n < EVENTS; n += 500) {
    const items = Array.from({ length: 500 }, (_, u) => ({
      type: 'session_start',
      user: { directory: 'LAB', id: `u${(n + u) % 10}` },
      host: 'qs1',
      context,
    }));
    expect((await api.post(items)).statusCode).toBe(202);
  }
  await api.settle();
  const database = api.openDatabase();
  database.exec(`DELETE FROM events WHERE seq <= ${DELETED}`);
  queries = new Queries(database, fixedAppNames(new Map()), new UserAgents());
});
afterAll(() => api.stop());

function steps(filters: object, after: number): Followed[] {
  const found: Followed[] = [];
  for (let position = after; position < EVENTS; position = found.at(-1)?.position ?? EVENTS) {
    found.push(queries.follow({ filters: { ...NO_FILTERS, ...filters }, after: position, upTo: EVENTS }));
  }
  return found;
}

const seqsIn = (found: readonly Followed[]): number[] =>
  found.flatMap(({ text }) => [...text.matchAll(/"seq":(\d+),/g)].map(([, seq]) => Number(seq)));
const all = Array.from({ length: EVENTS - DELETED }, (_, n) => DELETED + 1 + n);

describe('following events', () => {
  it('takes steps of so much text that a client which does not read holds little memory, and leaves none out', () => {
    const found = steps({}, DELETED);
    expect(Math.max(...found.map(({ text }) => text.length))).toBeLessThan(MOST_CHARACTERS);
    expect(seqsIn(found)).toEqual(all);
  });

  it('goes straight to what is left, and says once what is missing', () => {
    const found = steps({ user: { directory: null, id: 'U3' } }, 0);
    expect(seqsIn(found)).toEqual(all.filter((seq) => (seq - 1) % 10 === 3));
    expect(found.filter(({ text }) => text.includes('event: missed'))).toEqual([found[0]]);
  });

  it.each([
    ['of everything', {}, all],
    ['of a user', { user: { directory: null, id: 'U3' } }, all.filter((seq) => (seq - 1) % 10 === 3)],
  ])('%s can be held to the latest few, and says how many come before them', (_, filters, fitting) => {
    const question = { filters: { ...NO_FILTERS, ...filters }, after: DELETED, upTo: EVENTS };
    const found = queries.follow({ ...question, most: 7 });
    expect(seqsIn([found])).toEqual(fitting.slice(-7));
    expect([found.events, found.position]).toEqual([7, EVENTS]);
    expect(found.text).toContain(`event: passed_over\ndata: {"events":${fitting.length - 7}}`);
    const whole = queries.follow({ ...question, after: EVENTS - 50, most: 50 });
    expect(seqsIn([whole])).toEqual(fitting.filter((seq) => seq > EVENTS - 50));
    expect(whole.text).not.toContain('passed_over');
  });
});
