import { z } from 'zod';
import { OF_CENTRES } from '../../contract/centres/of-centres.ts';
import { EVENT_REASONS, KINDS } from '../../contract/event.ts';
import { LOSS_REASONS, QUALITIES, QUALITY_REASONS } from '../../contract/quality.ts';
import { END_REASONS } from '../../contract/rows.ts';
import { USER_CLASSES } from '../../contract/user-class.ts';
import { MOMENT_QUALITIES, MOMENT_REASONS } from '../../sessions/quality/past-quality.ts';
import { WINDOWS, type Window } from '../../sessions/series.ts';
import type { PartCounts } from './parts/part-counts.ts';
import { SESSION_STATES } from './sessions/session-state.ts';

/*
 * What the reader's thread answers: each answer stands here once. The queries build the types, the API describes and
 * promises the schemas. The reader's thread itself imports only the types, so it does not load zod.
 */

/** ISO 8601 UTC. */
export const time = z.string().meta({ format: 'date-time' });

const text = z.string().nullable();
const count = z.int();
const unknownOrCount = count.nullable();
const user = z.object({ directory: text, id: z.string() }).nullable();
const browserAndOs = { browser: text, os: text };
const app = { appId: text, appName: text };

export const sessionItem = z.object({
  id: z.string(),
  user,
  class: z.enum(USER_CLASSES),
  host: text,
  virtualProxy: text,
  startedAt: time,
  startExact: z.boolean(),
  endedAt: time.nullable(),
  endReason: z.enum(END_REASONS).nullable(),
  endExact: z.boolean(),
  identityExact: z.boolean(),
  application: z.boolean().describe('of an application that tells of its sessions itself'),
  state: z
    .enum(SESSION_STATES)
    .describe('with an app open, without one, open without a sign of life since lines were lost, or over'),
  doubtful: z.boolean().describe('open, and no sign of life came since lines were lost'),
  lastActivityAt: time,
  durationSeconds: z.number(),
  openConnections: count,
  connections: count,
  apps: z.array(z.object(app)),
  ...browserAndOs,
});

export const eventItem = z.object({
  seq: count,
  eventId: text,
  kind: z.enum(KINDS),
  at: time,
  originalAt: time.nullable(),
  receivedAt: time,
  host: text,
  user,
  virtualProxy: text,
  origin: text,
  context: text,
  ...app,
  sessionId: text,
  result: unknownOrCount,
  reason: z.enum(EVENT_REASONS).nullable(),
  ...browserAndOs,
  message: text,
  noteType: text.describe('of a note: what its sender calls it, such as log, error or usage'),
  source: text.describe('of a note: what in the program it is about'),
  level: text,
  value: z.number().nullable(),
  count: unknownOrCount.describe('of a note: how many equal ones it stands for'),
  version: text.describe('of the program'),
  userName: text.describe('what the program calls its user'),
});

export const aroundItem = z.object({ secondsBefore: z.number(), ...eventItem.shape });

export const around = z.object({
  at: time.describe('the moment that was asked for'),
  from: time.describe('what was opened before is not here'),
  total: count,
  totalIsAtLeast: z.boolean().describe('there are more than were looked at'),
  items: z.array(aroundItem),
  partial: OF_CENTRES.partial,
});

export const rejectionItem = z.object({
  ...eventItem.shape,
  heldBy: z
    .array(sessionItem)
    .describe(
      "beyond the limit of parallel sessions: the user's sessions that held the seats then, 25 at most",
    ),
});

const connectionItem = z.object({
  ...app,
  openedAt: time,
  closedAt: time.nullable(),
  closeExact: z.boolean(),
});

const lossWindow = z.object({
  from: time.nullable().describe('null where nobody knows when it began'),
  to: time.describe('when it was over or noticed'),
  reason: z.enum(LOSS_REASONS),
  lines: unknownOrCount.describe('how many were lost; null where nobody can know'),
});

export const oneSession = z.object({
  ...sessionItem.shape,
  connections: z.array(connectionItem),
  timeline: z.array(eventItem),
  lossWindows: z
    .array(lossWindow)
    .describe('times of the session in which lines of its host were or may have been lost, oldest first'),
  truncated: z.boolean(),
});

export const seriesPoint = z.object({
  at: time,
  created: unknownOrCount,
  destroyed: unknownOrCount,
  rejected: unknownOrCount,
  active: unknownOrCount,
  users: unknownOrCount,
  connections: unknownOrCount,
  sessionsLow: unknownOrCount.describe('there were at least as many; of the whole and of hosts'),
  sessionsHigh: unknownOrCount.describe('there were at most as many; null where nobody can know'),
  usersLow: unknownOrCount,
  usersHigh: unknownOrCount,
  connectedUsers: unknownOrCount.describe('with an app open; of the whole and of apps'),
});

export const WINDOW_NAMES = Object.keys(WINDOWS) as Window[];

export const series = z.object({
  window: z.enum(WINDOW_NAMES).nullable(),
  stepSeconds: count,
  points: z.array(seriesPoint),
  ...OF_CENTRES,
});

export const snapshotItem = z.object({
  host: z.string(),
  virtualProxy: z.string(),
  polledAt: time.describe('when the proxy service was asked'),
  ok: z.boolean().describe('there was a whole answer'),
  sessions: unknownOrCount.describe('without excluded users; null without an answer'),
  users: unknownOrCount.describe('different ones, without excluded ones; null without an answer'),
  error: text.describe('why there was no answer'),
  durationMs: count.describe('until the end of the answer, or until it was given up'),
});

export const impactItem = z.object({
  ...sessionItem.shape,
  timesOutAt: time.nullable().describe('null while an app is open'),
});

/** How right the numbers of an answer are. */
const quality = { quality: z.enum(QUALITIES), reasons: z.array(z.enum(QUALITY_REASONS)) };

export const impact = z.object({
  asOf: time,
  ...quality,
  sessions: count,
  users: count,
  connectedUsers: count.describe('with an app open'),
  lingering: count.describe('sessions without an open app'),
  lastTimeoutAt: time.nullable().describe('when the last of these has timed out; null where there is none'),
  ...pageOf(impactItem).shape,
});

const peak = z.object({ peak: unknownOrCount, at: time.nullable().describe('when that was first') });

export const peaksItem = z.object({
  from: time,
  to: time,
  sessions: peak,
  users: peak,
  seats: peak.describe('licence seats, which Sense holds for five minutes after a session'),
  created: unknownOrCount,
  rejected: unknownOrCount,
});

const MOST_OF_THEM = 'were on at some time of the range';

export const applicationItem = z.object({
  host: z.string().describe('the name of its token'),
  name: text.describe('as the configuration has it now; null where it names none'),
  sessions: count.describe(`that ${MOST_OF_THEM}`),
  started: count.describe('that began in the range'),
  users: count.describe(`known ones who ${MOST_OF_THEM}`),
  averageDurationSeconds: z.number().describe('of these sessions, of open ones so far'),
  online: count.describe('sessions that were open at the end of the range'),
  usersOnline: count,
});

/** Numbers are null where there were too many sessions to be counted. */
export const applications = z.object({
  asOf: time,
  from: time,
  to: time.describe('as asked for, now at the latest'),
  known: count.describe('applications that have sent anything, at any time'),
  sessions: unknownOrCount.describe(
    `that ${MOST_OF_THEM}; null, as the other numbers, where there were too many`,
  ),
  started: unknownOrCount.describe('that began in the range'),
  startedPerHour: z.number().nullable(),
  users: unknownOrCount.describe(`known ones who ${MOST_OF_THEM}`),
  averageDurationSeconds: z
    .number()
    .nullable()
    .describe('of these sessions, of open ones so far; null also where there is none'),
  online: unknownOrCount.describe('sessions that were open at the end of the range'),
  usersOnline: unknownOrCount,
  total: unknownOrCount.describe('applications with a session in the range'),
  items: z.array(applicationItem).describe('the 100 of them with the most sessions, those first'),
  partial: OF_CENTRES.partial,
});

/** The first three speak of one moment: where none was asked for `asOf` is now, and the others say nothing. */
export const sessionsPage = z.object({
  asOf: time.describe('the moment that was asked for; without one, now'),
  quality: z.enum(MOMENT_QUALITIES).nullable(),
  reasons: z.array(z.enum(MOMENT_REASONS)),
  total: unknownOrCount.describe('how many there are, on all pages; null where they were not counted'),
  totalIsAtLeast: z.boolean().describe('there are more than were counted'),
  sortedOf: unknownOrCount.describe(
    'how many were put into the order, the latest where more fit; null in the order of `started`',
  ),
  ...pageOf(sessionItem).shape,
});
export const eventsPage = pageOf(eventItem);
export const rejectionsPage = pageOf(rejectionItem);
export const snapshotsPage = pageOf(snapshotItem);
export const peaksPage = pageOf(peaksItem);

function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: text, ...OF_CENTRES });
}

/** The type of what a schema describes. Nobody changes an answer. */
export type AnswerOf<Schema extends z.ZodType> = Fixed<z.output<Schema>>;
type Fixed<T> = T extends object ? { readonly [Name in keyof T]: Fixed<T[Name]> } : T;

export type SessionItem = AnswerOf<typeof sessionItem>;
export type OneSession = AnswerOf<typeof oneSession>;
export type EventItem = AnswerOf<typeof eventItem>;
export type SnapshotItem = AnswerOf<typeof snapshotItem>;
export type ImpactItem = AnswerOf<typeof impactItem>;
export type PeaksItem = AnswerOf<typeof peaksItem>;
export type ApplicationItem = AnswerOf<typeof applicationItem>;
export type SeriesPoint = AnswerOf<typeof seriesPoint>;

/** A page as CSV, in JSON for the way between the threads. */
export interface CsvPage {
  readonly csv: string;
  readonly nextCursor: string | null;
  /** Where the items are those of one moment: how right they are, and why. */
  readonly quality?: string | null;
  /** Where they were counted: how many there are on all pages. */
  readonly total?: string | null;
}

/** What each question is answered with; null where there is no such thing. */
export interface Answers {
  readonly sessions: AnswerOf<typeof sessionsPage>;
  readonly session: OneSession | null;
  readonly events: AnswerOf<typeof eventsPage>;
  readonly snapshots: AnswerOf<typeof snapshotsPage>;
  /** Null where that would be too much work. */
  readonly series: AnswerOf<typeof series> | null;
  readonly around: AnswerOf<typeof around>;
  readonly rejections: AnswerOf<typeof rejectionsPage>;
  readonly impact: AnswerOf<typeof impact>;
  readonly peaks: AnswerOf<typeof peaksPage>;
  readonly applications: AnswerOf<typeof applications>;
  /** The API says more about it. */
  readonly counts: PartCounts;
}

declare const VALUE: unique symbol;

/** JSON text of a value of this type. It goes from thread to thread and out as it is: nobody parses it on the way. */
export type Json<Value> = string & { readonly [VALUE]: Value };

/** Of a small answer that is a part of another one. */
export function parsed<Value>(json: Json<Value>): Value {
  return JSON.parse(json) as Value;
}
