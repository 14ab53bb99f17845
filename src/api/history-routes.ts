import type { FastifyInstance, FastifyReply } from 'fastify';
import { KINDS, type Kind } from '../core/event.ts';
import { normaliseHost } from '../core/formats/index.ts';
import { type Dimension, WINDOWS, type Window } from '../core/series.ts';
import { ApiError } from './errors.ts';
import { type FilterQuery, filterParameters, filtersOf, name, time, timeOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { NO_QUERY, query } from './schemas.ts';

interface SessionsQuery extends FilterQuery {
  readonly active?: boolean;
  readonly at?: string;
}

interface EventsQuery extends FilterQuery {
  readonly kind?: Kind;
}

interface SeriesQuery {
  readonly window: Window;
  readonly host?: string;
  readonly virtualProxy?: string;
  readonly app?: string;
}

const sessionsQuery = query({ active: { type: 'boolean' }, ...filterParameters, at: time });
const eventsQuery = query({ kind: { type: 'string', enum: KINDS }, ...filterParameters });
const seriesQuery = query({
  window: { type: 'string', enum: Object.keys(WINDOWS), default: '60s' },
  host: name,
  virtualProxy: name,
  app: name,
});

/** What the journal answers: sessions, events and series. */
export function registerHistory(app: FastifyInstance, parts: ApiParts): void {
  app.get<{ Querystring: SessionsQuery }>(
    '/api/v1/sessions',
    { schema: { querystring: sessionsQuery } },
    async ({ query }, reply) => {
      const filters = { ...filtersOf(query), active: query.active ?? null, at: timeOf('at', query.at) };
      return sendJson(reply, await parts.ask({ ask: 'sessions', filters, now: parts.now() }));
    },
  );
  app.get<{ Params: { id: string } }>(
    '/api/v1/sessions/:id',
    { schema: { querystring: NO_QUERY } },
    async ({ params }, reply) =>
      sendJson(reply, await parts.ask({ ask: 'session', id: params.id, now: parts.now() })),
  );
  app.get<{ Querystring: EventsQuery }>(
    '/api/v1/events',
    { schema: { querystring: eventsQuery } },
    async ({ query }, reply) => {
      const filters = { ...filtersOf(query), kind: query.kind ?? null };
      return sendJson(reply, await parts.ask({ ask: 'events', filters }));
    },
  );
  app.get<{ Querystring: SeriesQuery }>(
    '/api/v1/series',
    { schema: { querystring: seriesQuery } },
    async ({ query }, reply) => {
      const { window } = query;
      const dimension = dimensionOf(query);
      return sendJson(reply, await parts.ask({ ask: 'series', window, dimension, now: parts.now() }));
    },
  );
}

function dimensionOf({ host, virtualProxy, app }: SeriesQuery): Dimension {
  const dimensions: Dimension[] = [];
  if (host !== undefined) dimensions.push(`host:${normaliseHost(host)}`);
  if (virtualProxy !== undefined) dimensions.push(`virtualProxy:${virtualProxy}`);
  if (app !== undefined) dimensions.push(`app:${app.toLowerCase()}`);
  if (dimensions.length > 1) throw new ApiError(400, 'at most one of host, virtualProxy and app');
  return dimensions[0] ?? 'all';
}

/** The reader answers with JSON text, so that it is not parsed and written once more here. */
function sendJson(reply: FastifyReply, json: string | null): FastifyReply {
  if (json === null) throw new ApiError(404, 'no such session');
  return reply.type('application/json; charset=utf-8').send(json);
}
