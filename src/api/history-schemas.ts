import { KINDS, REJECTION_REASONS } from '../core/event.ts';
import { WINDOWS } from '../core/series.ts';
import { END_REASONS } from '../core/session.ts';
import { flag, integer, list, nullable, number, object, type Schema, text, time } from './schemas.ts';

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
