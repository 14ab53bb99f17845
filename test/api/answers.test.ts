import { fastify } from 'fastify';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { CountsView } from '../../src/api/counts/counts-answer.ts';
import type { CountsAnswer } from '../../src/api/counts/current-counts.ts';
import { pageAnswer } from '../../src/api/csv-answer.ts';
import { answer, query, type SchemaTypes } from '../../src/api/schemas.ts';
import type { EndReason } from '../../src/contract/rows.ts';
import type {
  AnswerOf,
  CsvPage,
  Json,
  oneSession,
  SessionItem,
  series,
} from '../../src/journal/read/answers.ts';
import { eventsPage, type peaksPage, type sessionsPage } from '../../src/journal/read/answers.ts';
import type { Queries } from '../../src/journal/read/queries.ts';
import type { Ask } from '../../src/journal/read/reader-thread.ts';
import type { seriesOf } from '../../src/journal/read/series-query.ts';

/*
 * These tests are for `tsc`: what is wrong here is an error of `npm run types`. They run as well, so that nobody takes
 * a route that cannot be registered for one that is well typed.
 */

const NO_FILTERS = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null },
  ...{ limit: 100, cursor: null },
};
const WHOLE = { host: null, virtualProxy: null, app: null };
const ASKER = { client: '192.0.2.7', gone: new AbortController().signal };
const askSessions = (ask: Ask) =>
  ask({ ask: 'sessions', filters: { ...NO_FILTERS, active: null, at: null }, now: 0 }, ASKER);
const askEvents = (ask: Ask) => ask({ ask: 'events', filters: { ...NO_FILTERS, kind: null } }, ASKER);
const askSession = (ask: Ask) => ask({ ask: 'session', id: 'store-1', now: 0 }, ASKER);
const askSeries = (ask: Ask) => ask({ ask: 'series', span: '1h', part: WHOLE, now: 0 }, ASKER);
const askCsv = (ask: Ask) =>
  ask({ ask: 'events', filters: { ...NO_FILTERS, kind: null }, csv: ['seq', 'kind'] }, ASKER);

describe('the types of answers', () => {
  it('are those of the schemas, for whoever asks the reader', () => {
    expectTypeOf(askSessions).returns.resolves.toEqualTypeOf<Json<AnswerOf<typeof sessionsPage>>>();
    expectTypeOf(askEvents).returns.resolves.toEqualTypeOf<Json<AnswerOf<typeof eventsPage>>>();
    expectTypeOf(askSession).returns.resolves.toEqualTypeOf<Json<AnswerOf<typeof oneSession>> | null>();
    expectTypeOf(askSeries).returns.resolves.toEqualTypeOf<Json<AnswerOf<typeof series>> | null>();
    expectTypeOf(askCsv).returns.resolves.toEqualTypeOf<Json<CsvPage>>();
  });

  it('are those of the schemas, for the queries that build them', () => {
    expectTypeOf<Queries['sessions']>().returns.toEqualTypeOf<AnswerOf<typeof sessionsPage>>();
    expectTypeOf<Queries['events']>().returns.toEqualTypeOf<AnswerOf<typeof eventsPage>>();
    expectTypeOf<Queries['session']>().returns.toEqualTypeOf<AnswerOf<typeof oneSession> | null>();
    expectTypeOf<typeof seriesOf>().returns.toEqualTypeOf<AnswerOf<typeof series>>();
    expectTypeOf<CountsAnswer['json']>().toEqualTypeOf<Json<CountsView>>();
  });

  it('have every field of the schema, each of its type', () => {
    expectTypeOf<SessionItem['id']>().toEqualTypeOf<string>();
    expectTypeOf<SessionItem['durationSeconds']>().toEqualTypeOf<number>();
    expectTypeOf<SessionItem['endReason']>().toEqualTypeOf<EndReason | null>();
    expectTypeOf<Omit<SessionItem, 'host'>>().not.toExtend<SessionItem>();
    expectTypeOf<Omit<SessionItem, 'id'> & { readonly id: string | null }>().not.toExtend<SessionItem>();
  });
});

describe('a route', () => {
  const json = <Value>(value: Value) => JSON.stringify(value) as Json<Value>;
  const page = json<AnswerOf<typeof eventsPage>>({ items: [], nextCursor: null });
  const otherPage = json<AnswerOf<typeof peaksPage>>({ items: [], nextCursor: null });

  it('can send what its schema promises and nothing else', async () => {
    const app = fastify().withTypeProvider<SchemaTypes>();
    const schema = { response: { 200: answer(eventsPage, 'a page') } };
    app.get('/json', { schema }, async () => page);
    app.get('/value', { schema }, async () => ({ items: [], nextCursor: null }));
    // @ts-expect-error It is the page of something else.
    app.get('/other', { schema }, async () => otherPage);
    // @ts-expect-error A number is no cursor.
    app.get('/wrong', { schema }, async () => ({ items: [], nextCursor: 7 }));
    // @ts-expect-error It might be anything.
    app.get('/text', { schema }, async () => 'text');
    // @ts-expect-error Sent or returned makes no difference.
    app.get('/sent', { schema }, async (_request, reply) => reply.send(otherPage));
    await app.ready();
    expect((await app.inject('/value')).json()).toEqual({ items: [], nextCursor: null });
  });

  it('can send a page as JSON, and as CSV only what was made for that', async () => {
    const app = fastify().withTypeProvider<SchemaTypes>();
    const schema = { response: { 200: pageAnswer(eventsPage, 'a page') } };
    app.get('/json', { schema }, async () => page);
    // @ts-expect-error It is the page of something else.
    app.get('/other', { schema }, async () => otherPage);
    // @ts-expect-error Text that may be anything.
    app.get('/csv', { schema }, async () => 'a,b');
    await app.ready();
  });

  it('can read what its query describes and nothing else', async () => {
    const app = fastify().withTypeProvider<SchemaTypes>();
    const querystring = query({ limit: z.int().default(100), kind: z.enum(['a', 'b']).optional() });
    app.get('/', { schema: { querystring } }, async ({ query }) => {
      expectTypeOf(query.limit).toEqualTypeOf<number>();
      expectTypeOf(query.kind).toEqualTypeOf<'a' | 'b' | undefined>();
      // @ts-expect-error There is no such parameter.
      return { limit: query.limit, other: query.other ?? null };
    });
    expect((await app.inject('/?kind=a')).json()).toEqual({ limit: 100, other: null });
    expect((await app.inject('/?kind=c')).statusCode).toBe(400);
  });
});
