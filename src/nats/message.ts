import type { MsgHdrs } from '@nats-io/transport-node';
import { headers } from '@nats-io/transport-node';
import { z } from 'zod';
import { EVENT_REASONS, KINDS, type NoteDetails, type UserEvent } from '../contract/event.ts';
import type { AcceptedEventRow } from '../contract/rows.ts';
import type { ForwardedEvents } from '../contract/sites/forwarding.ts';

/** Messages of other layouts are refused: raised when a reader of before could misread one. */
const LAYOUT = '1';

/** Subjects of a stream of that name: one for each partition of each edge. */
export function subjectsOf(stream: string): string {
  return `${stream}.events.*.*`;
}

export function subjectOf(stream: string, partition: number, edge: string): string {
  return `${stream}.events.${partition}.${edge}`;
}

/** What a subject says; null where it is none of ours. */
export function placeOf(subject: string): { readonly partition: number; readonly edge: string } | null {
  const [, partition, edge] = /\.events\.(\d{1,3})\.([A-Za-z0-9_-]{1,64})$/.exec(subject) ?? [];
  return partition === undefined || edge === undefined ? null : { partition: Number(partition), edge };
}

/** On which an edge is asked for events once more. No message of the stream. */
export function askSubjectOf(stream: string, edge: string): string {
  return `${stream}.again.${edge}`;
}

/** What an edge is asked for: all of a partition after a number. */
const askSchema = z.object({ partition: z.int().min(0), after: z.int().min(0) });
export type Ask = Readonly<z.output<typeof askSchema>>;

export function encodeAsk(ask: Ask): string {
  return JSON.stringify(ask);
}

/** Null where it is none. */
export function decodeAsk(text: string): Ask | null {
  return askSchema.safeParse(jsonOf(text)).data ?? null;
}

export const site = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/);

/** What a message says besides its events. */
export type MessageHead = Pick<ForwardedEvents, 'site' | 'previous' | 'through' | 'gone'>;

export function encodeHead({ site, previous, through, gone }: MessageHead): MsgHdrs {
  const head = headers();
  const fields = { layout: LAYOUT, site, previous, through, gone };
  for (const [name, value] of Object.entries(fields)) head.set(`headcount-${name}`, String(value));
  return head;
}

const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const headSchema = z.object({
  layout: z.literal(LAYOUT),
  site,
  previous: number,
  through: number,
  gone: number,
});

/** Null where it is none of ours. */
export function decodeHead(head: MsgHdrs | undefined): MessageHead | null {
  const field = (name: string) => head?.get(`headcount-${name}`);
  const fields = Object.fromEntries(Object.keys(headSchema.shape).map((name) => [name, field(name)]));
  const parsed = headSchema.safeParse(fields);
  if (!parsed.success) return null;
  const { layout: _, ...read } = parsed.data;
  return read;
}

/** One event as JSON, without what is unknown. */
export function encodeEvent(row: AcceptedEventRow): string {
  const { seq, identity, kind, at, originalAt, timed, receivedAt, host, user, origin, context, note } = row;
  const { appId, virtualProxy, sessionKey, result, reason, rowNumber, userAgent, message, application } = row;
  return JSON.stringify(
    {
      ...{ seq, identity, kind, at, originalAt, timed, receivedAt, host, user, origin, context, note },
      ...{ appId, virtualProxy, sessionKey, result, reason, rowNumber, userAgent, message },
      application: application || null,
    },
    (_key, value: unknown) => value ?? undefined,
  );
}

export function encodeEvents(events: readonly string[]): string {
  return `[${events.join()}]`;
}

/** How long it may be follows from what a server takes as one message. */
const text = z.string();
const unknownOr = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);
const time = z.number().min(0).max(8.64e15);
const eventSchema = z.object({
  seq: z.int().min(1),
  identity: z.string().min(1).max(512),
  kind: z.enum(KINDS),
  at: time,
  originalAt: unknownOr(time),
  timed: z.boolean(),
  receivedAt: time,
  host: z.string().max(255),
  user: unknownOr(z.object({ directory: unknownOr(text), id: text })),
  origin: unknownOr(text),
  context: unknownOr(text),
  appId: unknownOr(text),
  virtualProxy: unknownOr(text),
  sessionKey: unknownOr(text),
  result: unknownOr(z.int()),
  reason: unknownOr(z.enum(EVENT_REASONS)),
  rowNumber: unknownOr(z.int()),
  userAgent: unknownOr(text),
  message: unknownOr(text),
  application: z.boolean().default(false),
  note: unknownOr(
    z.object({
      type: unknownOr(text),
      source: unknownOr(text),
      level: unknownOr(text),
      value: unknownOr(z.number()),
      count: unknownOr(z.number()),
      version: unknownOr(text),
      userName: unknownOr(text),
    }),
  ),
});
const eventsSchema = z.array(eventSchema).min(1).max(50_000);

/** The events of a message, in their order; null where it is none of ours. Hosts are as the edge calls them. */
export function decodeEvents(body: string): ForwardedEvents['events'] | null {
  const events = eventsSchema.safeParse(jsonOf(body)).data;
  return (
    events?.map(({ seq, identity, note, ...fields }) => ({
      seq,
      event: { ...fields, note: note as NoteDetails | null, eventId: identity } satisfies UserEvent,
    })) ?? null
  );
}

/** Null where it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
