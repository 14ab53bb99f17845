import type { FastifyInstance, FastifyReply } from 'fastify';
import { KINDS, type Kind, REJECTION_REASONS } from '../contract/event.ts';
import { END_REASONS } from '../contract/rows.ts';
import { normaliseHost } from '../formats/index.ts';
import { type Dimension, WINDOWS, type Window } from '../sessions/series.ts';
import { columnsOf, format, sendCsv, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { type FilterQuery, filterParameters, filtersOf, name, timeOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import {
  flag,
  integer,
  list,
  NO_QUERY,
  nullable,
  number,
  object,
  query,
  type Schema,
  text,
  time,
} from './schemas.ts';

const user = nullable(object({ directory: nullable(text), id: text }));
const browserAndOs = { browser: nullable(text), os: nullable(text) };
const app = { appId: nullable(text), appName: nullable(text) };

const sessionFields = {
  id: text,
  user,
  host: nullable(text),
  virtualProxy: nullable(text),
  startedAt: time,
  startExact: flag,
  endedAt: nullable(time),
  endReason: nullable({ ...text, enum: [...END_REASONS, null] }),
  endExact: flag,
  identityExact: flag,
  lastActivityAt: time,
  durationSeconds: number,
  openConnections: integer,
  connections: integer,
  apps: list(object(app)),
  ...browserAndOs,
};

const eventFields = {
  seq: integer,
  eventId: nullable(text),
  kind: { ...text, enum: KINDS },
  at: time,
  originalAt: nullable(time),
  receivedAt: time,
  host: nullable(text),
  user,
  virtualProxy: nullable(text),
  origin: nullable(text),
  context: nullable(text),
  ...app,
  sessionId: nullable(text),
  result: nullable(integer),
  reason: nullable({ ...text, enum: [...REJECTION_REASONS, null] }),
  ...browserAndOs,
  message: nullable(text),
};

/** What the routes answer, for their description. The reader's JSON goes out as it is. */
export const sessionItem = object(sessionFields);
export const eventItem = object(eventFields);
export const oneSession = object({
  ...sessionFields,
  connections: list(object({ ...app, openedAt: time, closedAt: nullable(time), closeExact: flag })),
  timeline: list(eventItem),
  truncated: flag,
});
export const seriesAnswer = object({
  window: { ...text, enum: Object.keys(WINDOWS) },
  stepSeconds: integer,
  points: list(
    object({
      at: time,
      created: nullable(integer),
      destroyed: nullable(integer),
      rejected: nullable(integer),
      active: nullable(integer),
      users: nullable(integer),
      connections: nullable(integer),
    }),
  ),
});

/** A page of a list, as JSON or as CSV. */
export function pageOf(item: Schema, description: string): Schema {
  const page = object({ items: list(item), nextCursor: nullable(text) });
  const content = { 'application/json': { schema: page }, 'text/csv': { schema: text } };
  return { description: `${description}; as CSV, a Link header has the next page`, content };
}

interface SessionsQuery extends FilterQuery {
  readonly active?: boolean;
  readonly at?: string;
  readonly format?: string;
}

interface EventsQuery extends FilterQuery {
  readonly kind?: Kind;
  readonly format?: string;
}

interface SeriesQuery {
  readonly window: Window;
  readonly host?: string;
  readonly virtualProxy?: string;
  readonly app?: string;
}

const sessionsQuery = query({
  active: { ...flag, description: 'open ones, or those that have ended' },
  ...filterParameters,
  at: { ...time, description: 'those open at this moment: ISO 8601 with a zone' },
  format,
});
const eventsQuery = query({ kind: { type: 'string', enum: KINDS }, ...filterParameters, format });
const seriesQuery = query({
  window: { type: 'string', enum: Object.keys(WINDOWS), default: '60s' },
  host: name,
  virtualProxy: name,
  app: name,
});

const description = {
  sessions: {
    summary: 'Sessions, newest first',
    querystring: sessionsQuery,
    response: { 200: pageOf(sessionItem, 'a page of sessions') },
  },
  session: {
    summary: 'One session with its connections and events',
    params: object({ id: text }),
    querystring: NO_QUERY,
    response: { 200: { ...oneSession, description: 'the session, its latest 1,000 connections and events' } },
  },
  events: {
    summary: 'Events, newest first',
    querystring: eventsQuery,
    response: { 200: pageOf(eventItem, 'a page of events') },
  },
  series: {
    summary: 'Counts over time',
    querystring: seriesQuery,
    response: { 200: { ...seriesAnswer, description: 'points, oldest first; null where nobody knows' } },
  },
};

const sessionColumns = columnsOf(sessionItem);
const eventColumns = columnsOf(eventItem);

/** What the journal answers: sessions, events and series. */
export function registerHistory(app: FastifyInstance, parts: ApiParts): void {
  app.get<{ Querystring: SessionsQuery }>(
    '/api/v1/sessions',
    { schema: description.sessions },
    async (request, reply) => {
      const { query } = request;
      const now = parts.now();
      const filters = { ...filtersOf(query), active: query.active ?? null, at: timeOf('at', query.at) };
      reply.header('vary', 'accept');
      if (!wantsCsv(request)) return sendJson(reply, await parts.ask({ ask: 'sessions', filters, now }));
      const page = await parts.ask({ ask: 'sessions', filters, now, csv: sessionColumns });
      return sendCsv(request, reply, page ?? '', 'sessions', now);
    },
  );
  app.get<{ Params: { id: string } }>(
    '/api/v1/sessions/:id',
    { schema: description.session },
    async ({ params }, reply) =>
      sendJson(reply, await parts.ask({ ask: 'session', id: params.id, now: parts.now() })),
  );
  app.get<{ Querystring: EventsQuery }>(
    '/api/v1/events',
    { schema: description.events },
    async (request, reply) => {
      const { query } = request;
      const filters = { ...filtersOf(query), kind: query.kind ?? null };
      reply.header('vary', 'accept');
      if (!wantsCsv(request)) return sendJson(reply, await parts.ask({ ask: 'events', filters }));
      const page = await parts.ask({ ask: 'events', filters, csv: eventColumns });
      return sendCsv(request, reply, page ?? '', 'events', parts.now());
    },
  );
  app.get<{ Querystring: SeriesQuery }>(
    '/api/v1/series',
    { schema: description.series },
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
