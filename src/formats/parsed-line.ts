import type { Arrival, Kind, UserEvent } from '../contract/event.ts';

/** Why a message is no event. Every message that is not accepted is counted under one of these. */
export const REFUSALS = [
  'empty',
  'oversize',
  'utf16',
  'unknown_format',
  'not_user_event',
  'unknown_command',
  'missing_fields',
  'field_too_long',
  'glued_line',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/**
 * What is wrong with a line that is an event all the same: a pattern converter that Sense's log4net did not know, which prints
 * recognisable text instead of a value; or bytes that are no UTF-8, of which nobody said what they are.
 */
export const FAULTS = ['host_converter', 'time_converter', 'rownum_converter', 'not_utf8'] as const;
export type Fault = (typeof FAULTS)[number];

/** Which of Butler SOS's two appenders sent the line. One event may leave through both: trust the command. */
export type Via = 'session' | 'connection';

/** An event, and what the caller needs to recognise the line when it comes again. Never holds an `eventId`. */
export interface ParsedLine extends UserEvent {
  /** The line without the transport's header; `line.slice(bodyAt)` is what follows its prefix. */
  readonly line: string;
  readonly bodyAt: number;
  readonly via: Via | null;
  /** True where two equal lines of one host can only be one event: the line carries its own number. */
  readonly identified: boolean;
  readonly fault: Fault | null;
  /** True where every character is accounted for: no second line can hide in it. */
  readonly isPlain: boolean;
}

/** One line format. Takes any string, never throws. */
export type LineParser = (
  line: string,
  bodyAt: number,
  arrival: Arrival,
  via: Via | null,
) => ParsedLine | Refusal;

/** One layout of lines, told from the others by how its lines begin. */
export interface Format {
  /** As the shipped templates write it, up to the first `;`. */
  readonly prefix: string;
  readonly parse: LineParser;
  /** Handed to `parse`: which of the peer's appenders writes this prefix; null for any other. */
  readonly via: Via | null;
}

/** A line while its parser fills it in. */
export type Draft = { -readonly [Field in keyof ParsedLine]: ParsedLine[Field] };

/** The only place where a `ParsedLine` is made, so that all of them share one hidden class. */
export function draftLine(
  kind: Kind,
  line: string,
  bodyAt: number,
  arrival: Arrival,
  via: Via | null = null,
): Draft {
  return {
    kind,
    at: arrival.receivedAt,
    originalAt: null,
    timed: false,
    receivedAt: arrival.receivedAt,
    host: '',
    user: null,
    origin: null,
    context: null,
    appId: null,
    virtualProxy: null,
    sessionKey: null,
    rowNumber: null,
    result: null,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
    layout: null,
    note: null,
    line,
    bodyAt,
    via,
    identified: false,
    fault: null,
    isPlain: false,
  };
}
