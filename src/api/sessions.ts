import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MERGED_CURSOR } from '../centres/merged-pages.ts';
import { sessionOrder } from '../centres/orders.ts';
import { MAX_FIELD } from '../formats/fields.ts';
import { oneSession, sessionItem, sessionsPage } from '../journal/read/answers.ts';
import { readCursor } from '../journal/read/sessions/session-cursor.ts';
import type { SessionOrder } from '../journal/read/sessions/session-order.ts';
import type { SessionFilters } from '../journal/read/sessions/session-search.ts';
import {
  SESSION_SORTS,
  type SessionSort,
  SORT_DIRECTIONS,
  type SortDirection,
} from '../journal/read/sessions/session-sorts.ts';
import { SESSION_STATES } from '../journal/read/sessions/session-state.ts';
import { askerOf } from './access/asker.ts';
import { isOfCentre } from './access/centre-questions.ts';
import { allPages, centresOf, own, refuseMerged } from './centres/all-pages.ts';
import { sessionOf, sessionsOfAll, totalsOf } from './centres/all-sessions.ts';
import { sendPage } from './centres/send-page.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { application, filterParameters, filtersOf, moment, timeOf, userClass } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { answer, jsonSchema, NO_QUERY, query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const pageParameters = {
  active: z.boolean().optional().describe('open ones, or those that have ended'),
  ...filterParameters,
  cursor: z
    .string()
    .regex(new RegExp(String.raw`^(?:[0-9]{1,15}(\.[A-Za-z0-9_-]{1,4000})?|${MERGED_CURSOR})$`))
    .optional()
    .describe('nextCursor of the page before'),
  at: moment.describe('those open at this moment: ISO 8601 with a zone'),
  class: userClass,
  application,
  doubtful: z
    .boolean()
    .optional()
    .describe('open ones of which no sign of life came since lines were lost, or the others'),
  state: z.enum(SESSION_STATES).optional().describe('what state they are in, with `at` at that moment'),
  search: z
    .string()
    .min(1)
    .max(2 * MAX_FIELD + 1)
    .optional()
    .describe("a part of the user's DIRECTORY\\id, in upper or lower case"),
  sort: z.enum(SESSION_SORTS).default('started').describe('what they are sorted by'),
  order: z
    .enum(SORT_DIRECTIONS)
    .optional()
    .describe('unless given, names and states are in ascending order, times and numbers in descending order'),
  own,
  format,
};

type PageQuery = Readonly<z.output<z.ZodObject<typeof pageParameters>>>;

const pageDescription = {
  summary: 'Sessions, newest first unless asked otherwise',
  querystring: query(pageParameters),
  response: { 200: pageAnswer(sessionsPage, 'a page of sessions') },
};

const oneDescription = {
  summary: 'One session with its connections and events',
  params: jsonSchema(z.object({ id: z.string() })),
  querystring: NO_QUERY,
  response: { 200: answer(oneSession, 'the session, its latest 1,000 connections and events') },
};

const columns = columnsOf(sessionItem);

/** @throws ApiError 400 for filters that no session can fit together */
function sessionFiltersOf({ cursor: _, own: _own, ...query }: PageQuery): SessionFilters {
  const { active = null, doubtful = null, state = null, search = null } = query;
  const at = timeOf('at', query.at);
  if (doubtful !== null && active === false) {
    throw new ApiError(400, 'doubtful: only open sessions are, so not together with active=false');
  }
  if (at !== null && (state === 'ended' || state === 'doubtful')) {
    throw new ApiError(400, 'state: with at, expected connected or lingering');
  }
  // Whether they are open, as each of these filters has it.
  const open = [
    active,
    doubtful === null ? null : true,
    state === null || at !== null ? null : state !== 'ended',
  ];
  const said = new Set(open.filter((each) => each !== null));
  if (said.size > 1) throw new ApiError(400, `state: no session that is ${state} fits the other filters`);
  const [isOpen = null] = said;
  return {
    ...filtersOf(query),
    active: isOpen,
    at,
    class: query.class ?? null,
    application: query.application ?? null,
    doubtful,
    state,
    search,
  };
}

function directionOf(sort: SessionSort, order: SortDirection | undefined): SortDirection {
  const isName = ['user', 'host', 'virtualProxy', 'browser', 'os', 'state'].includes(sort);
  return order ?? (isName ? 'asc' : 'desc');
}

/**
 * What is sorted by, and what of it the journal's own order does: null for the rest of that.
 * @throws ApiError 400 for a cursor of another order
 */
function orderOf({ sort, order, cursor }: PageQuery): {
  readonly isAscending: boolean;
  readonly cursor: number | null;
  readonly order: SessionOrder | null;
} {
  refuseMerged(cursor);
  const direction = directionOf(sort, order);
  const wrong = () => new ApiError(400, 'cursor: it is that of another order');
  if (sort === 'started') {
    if (cursor?.includes('.') === true) throw wrong();
    const isAscending = direction === 'asc';
    return { isAscending, cursor: cursor === undefined ? null : Number(cursor), order: null };
  }
  const after = cursor === undefined ? null : readCursor(cursor, sort, direction);
  if (cursor !== undefined && after === null) throw wrong();
  return { isAscending: false, cursor: null, order: { sort, direction, after } };
}

export function registerSessions(
  app: FastifyInstance,
  { ask, now, site, centres }: ApiParts,
  answers: SharedAnswers,
): void {
  const routes = app.withTypeProvider<SchemaTypes>();
  routes.get('/api/v1/sessions', { schema: pageDescription }, async (request, reply) => {
    const asOf = now();
    const all = centresOf(centres, request);
    if (all !== null) {
      const { sort, order } = request.query;
      const compare = sessionOrder(sort, directionOf(sort, order));
      const page = await allPages(all, request, sessionsPage, compare, totalsOf);
      const csv = { items: page.items, columns, what: 'sessions', now: asOf };
      return sendPage(request, reply, sessionsOfAll(page, asOf), csv);
    }
    const { order, ...way } = orderOf(request.query);
    const filters = { ...sessionFiltersOf(request.query), ...way, withCursors: isOfCentre() };
    const asked = filters.at ?? (filters.active === true ? asOf : null);
    const moment = asked === null ? null : site.qualityOf(asked, asOf, filters.host);
    const question = { ask: 'sessions', filters, now: asOf, moment, order } as const;
    reply.header('vary', 'accept');
    const asker = askerOf(request, reply);
    if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
    return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'sessions', asOf);
  });
  routes.get('/api/v1/sessions/:id', { schema: oneDescription }, async (request, reply) => {
    const { id } = request.params;
    const question = { ask: 'session', id, now: now() } as const;
    const session = await answers.to(question, request, askerOf(request, reply));
    if (session === null && centres !== null && !isOfCentre()) {
      return sendJson(reply, await sessionOf(centres, id));
    }
    if (session === null) throw new ApiError(404, 'no such session');
    return sendJson(reply, session);
  });
}
