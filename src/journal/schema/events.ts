import { EVENT_REASONS, KINDS, type NoteDetails, type UserEvent } from '../../contract/event.ts';
import { givenIdentity, storedIdentity } from '../../contract/identity.ts';
import { OUTCOMES } from '../../sessions/session-tracker.ts';
import type { Applied } from '../../sessions/site.ts';
import { digestOf } from '../digest.ts';
import { Layout } from './layout.ts';
import {
  BLOB,
  BOOLEAN,
  type Column,
  type Columns,
  KEY,
  NAME,
  NUMBER,
  NUMBER_OR_NULL,
  orNaN,
  Table,
  TEXT_OR_NULL,
  USER,
} from './table.ts';

export function noteOf(cell: unknown): NoteDetails | null {
  return typeof cell === 'string' ? (JSON.parse(cell) as NoteDetails) : null;
}

/** What an event's record is written of. */
export interface AppliedEvent {
  readonly seq: number;
  readonly event: UserEvent;
  readonly applied: Applied;
}

/**
 * Of the session that a poll found, what the proxy calls it, which may be as good as its cookie: so it is a digest. Null for any other
 * event of our own.
 */
function foundIdentity({ event, applied }: AppliedEvent): string | null {
  const sighting = applied.session?.sighting ?? null;
  if (event.kind !== 'session_start' || event.reason !== 'snapshot' || sighting === null) return null;
  return digestOf(`poll\n${event.host}\n${event.virtualProxy}\n${sighting.id}`);
}

/**
 * No index but the number: time ranges go by `seq`, since arrival time rises with it; the events of a session are chained
 * by `previous`.
 */
export const EVENTS = new Table('events', {
  seq: { ...KEY, write: ({ seq }) => seq },
  kind: {
    ...NUMBER,
    write: ({ event }) => KINDS.indexOf(event.kind),
    read: (cell) => KINDS[Number(cell)] ?? 'session_start',
  },
  at: { ...NUMBER, write: ({ event }) => event.at },
  timed: { ...BOOLEAN, write: ({ event }) => (event.timed ? 1 : 0) },
  received_at: { ...NUMBER, write: ({ event }) => event.receivedAt },
  host: { ...NAME, write: ({ applied }, names) => names.host(applied.host) },
  user: { ...USER, write: ({ applied }, names) => names.user(applied.user) },
  origin: { ...NAME, write: ({ event }, names) => names.string(event.origin) },
  context: { ...NAME, write: ({ event }, names) => names.string(event.context) },
  app: { ...NAME, write: ({ event }, names) => names.string(event.appId) },
  virtual_proxy: { ...NAME, write: ({ event }, names) => names.string(event.virtualProxy) },
  user_agent: { ...NAME, write: ({ event }, names) => names.string(event.userAgent) },
  session_key: {
    ...NAME,
    write: ({ event, applied }, names) => names.sessionKey(event.sessionKey, applied.session),
  },
  /** 0 for none. */
  session: { ...NUMBER, write: ({ applied }) => applied.session?.id ?? 0 },
  /** The event of the session before it, 0 for none. */
  previous: { ...NUMBER, write: ({ applied }) => applied.previousSeq },
  outcome: { ...NUMBER, write: ({ applied }) => OUTCOMES.indexOf(applied.outcome) },
  /** 0 for none. */
  reason: {
    ...NUMBER,
    write: ({ event }) => (event.reason === null ? 0 : EVENT_REASONS.indexOf(event.reason) + 1),
    read: (cell) => EVENT_REASONS[Number(cell) - 1] ?? null,
  },
  result: { ...NUMBER_OR_NULL, write: ({ event }) => orNaN(event.result) },
  row_number: { ...NUMBER_OR_NULL, write: ({ event }) => orNaN(event.rowNumber) },
  original_at: { ...NUMBER_OR_NULL, write: ({ event }) => orNaN(event.originalAt) },
  application: {
    ...BOOLEAN,
    write: ({ event }) => (event.application === true ? 1 : 0),
    since: 5,
    default: 0,
  },
  message: { ...TEXT_OR_NULL, text: ({ event }) => event.message },
  /** With who made it up; see identity.ts. */
  event_id: {
    ...TEXT_OR_NULL,
    text: (applied) => storedIdentity(applied.event) ?? foundIdentity(applied),
    read: (cell) => (cell === null ? null : givenIdentity(String(cell))),
  },
  /** JSON of what a note says besides its message. */
  note: {
    sql: 'TEXT',
    text: ({ event }) => (event.note ? JSON.stringify(event.note) : null),
    read: noteOf,
    since: 5,
  },
} satisfies Columns<AppliedEvent>);

/** Events on their way to the writer: their numbers, and the texts that are kept beside those. */
export const EVENT = new Layout(EVENTS.columns);
export const EVENT_TEXTS = Object.entries<Column<AppliedEvent>>(EVENTS.columns).flatMap(([name, { text }]) =>
  text === undefined ? [] : [{ name: name as keyof typeof EVENTS.columns, text }],
);

/** See event-blocks.ts. */
export const EVENT_BLOCKS = new Table('event_blocks', {
  block: KEY,
  at_from: NUMBER,
  at_to: NUMBER,
  kinds: NUMBER,
  users: BLOB,
  strings: BLOB,
});
