import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { KINDS } from '../../contract/event.ts';
import type { EventFilters } from '../../journal/read/event-search.ts';
import { serverSentEvent } from '../../journal/read/queries.ts';
import { mayRead } from '../access/access.ts';
import type { CountsNow } from '../counts/counts-now.ts';
import { ApiError } from '../errors.ts';
import { filterParameters, filtersOf, partOf, partParameters } from '../filters.ts';
import type { ApiParts } from '../parts.ts';
import { query, type SchemaTypes, TEXT } from '../schemas.ts';
import { Streams } from './streams.ts';

const { limit: _limit, cursor: _cursor, ...shared } = filterParameters;
const parameters = {
  events: z.enum(['0', '1']).default('0').describe('1: events, too'),
  kind: z.enum(KINDS).optional(),
  ...shared,
  most: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('events a second at most: of more, the latest; `passed_over` says how many were left out'),
  after: z
    .string()
    .max(64)
    .optional()
    .describe('as Last-Event-ID, where a header cannot be set; STORE-0 is before the first event'),
};
type StreamQuery = Readonly<z.output<z.ZodObject<typeof parameters>>>;

const description = {
  summary: 'What happens, as it happens: server-sent events',
  description:
    'Messages `counts`, when the numbers change and at most once a second, of the host, virtualProxy and app that are asked ' +
    'for; with `events=1` also `event`, one for each event that fits the filters, in the order of `seq`, none left out and none twice, also for a client that comes back: it says in ' +
    '`Last-Event-ID` (or `after`) which id it got last. `missed` says that what came next is no longer there. Counts come every three seconds at least.',
  querystring: query(parameters),
  response: { 200: { description: 'a stream', content: { 'text/event-stream': { schema: TEXT } } } },
};

const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  // nginx would collect it.
  'x-accel-buffering': 'no',
};

export function registerStream(app: FastifyInstance, parts: ApiParts, counts: CountsNow): void {
  const { history, tokens } = parts;
  const streams = new Streams({
    committedSeq: () => history.committedSeq(),
    follow: (question) => history.follow(question),
    counts: (part) => counts.of(part),
    idOf: (seq) => `${history.storeId}-${seq}`,
  });
  history.onCommitted(() => streams.committed());
  app.addHook('preClose', async () => streams.close());
  app
    .withTypeProvider<SchemaTypes>()
    .get(
      '/api/v1/stream',
      { schema: description, exposeHeadRoute: false },
      async ({ query, headers, ip }, reply) => {
        if (streams.isFull) throw new ApiError(503, 'too many streams');
        if (streams.isFullFor(ip)) throw new ApiError(429, 'too many streams from this address');
        const filters = filtersOfStream(query);
        const part = partOf(query);
        if (!streams.mayTellOf(part))
          throw new ApiError(503, 'too many streams of different parts of the site');
        const last = headers['last-event-id'] ?? query.after;
        const after = last === undefined ? null : seqOf(String(last), history);
        reply.hijack();
        reply.raw.writeHead(200, { ...reply.getHeaders(), ...EVENT_STREAM } as Record<string, string>);
        // The counts of a part may take a moment.
        reply.raw.flushHeaders();
        if (after === 'unknown')
          reply.raw.write(serverSentEvent('missed', null, { after: String(last), oldest: null }));
        const listener = {
          response: reply.raw,
          address: ip,
          mayStay: staying(headers.authorization, tokens),
          filters,
          most: query.most ?? null,
          part,
        };
        streams.add(listener, after === 'unknown' ? null : after);
      },
    );
}

/** Whether who came with this header may still read: looked at again only when the tokens were reloaded. */
function staying(authorization: string | undefined, tokens: ApiParts['tokens']): () => boolean {
  let known = tokens();
  let may = true;
  return () => {
    const latest = tokens();
    if (latest !== known) may = mayRead(authorization, latest);
    known = latest;
    return may;
  };
}

/** Null for counts only. */
function filtersOfStream({ events, after: _, ...query }: StreamQuery): EventFilters | null {
  if (events === '1') return { ...filtersOf({ ...query, limit: 1 }), kind: query.kind ?? null };
  const filter = Object.keys(query).find((name) => !(name in partParameters));
  if (filter !== undefined) throw new ApiError(400, `${filter}: only with events=1`);
  return null;
}

/** The number in an id of this store; `unknown` where it is of another one, or of events that a backup does not have. */
function seqOf(id: string, { storeId, committedSeq }: ApiParts['history']): number | 'unknown' {
  const [store, seq, ...rest] = id.split('-');
  if (store !== storeId || rest.length > 0 || !/^\d{1,15}$/.test(seq ?? '')) return 'unknown';
  return Number(seq) <= committedSeq() ? Number(seq) : 'unknown';
}
