import { hash } from 'node:crypto';
import type { Arrival, Kind, NoteDetails, UserEvent } from '../../src/contract/event.ts';
import type { ApplicationSettings, SubmittedItem } from '../../src/contract/receiver.ts';
import { eventTime, parseIsoTime } from '../../src/formats/event-time.ts';
import { draftLine } from '../../src/formats/parsed-line.ts';
import { countOf, type JsonObject, numberOf, objectOf, sessionKeyOf, textOf, userOf } from './fields.ts';

/** Who has sent a post. */
export interface Sent extends ApplicationSettings {
  readonly arrival: Arrival;
  readonly host: string;
  readonly userAgent: string | null;
  /** By how much its dates are too early, milliseconds. */
  readonly offsetMs: number;
}

const MOST = {
  type: 100,
  source: 1_024,
  message: 2_000,
  level: 100,
  version: 100,
  name: 1_024,
  path: 2_048,
  agent: 1_024,
};
const FINGERPRINT_CHARACTERS = 22;

/** The times in a post, of its events that say one; milliseconds since 1970 UTC. */
export function datesOf(values: readonly unknown[]): number[] {
  return values.map((value) => dateOf(objectOf(value))).filter((date) => date !== null);
}

function dateOf({ date }: JsonObject): number | null {
  return typeof date === 'string' ? parseIsoTime(date) : null;
}

/** Reads the events of a post. What no session can be made of is refused, with a reason. */
export class PostReader {
  readonly #sent: Sent;
  /** How many equal ones came before in the post: two logs of one millisecond are two. */
  readonly #equal = new Map<string, number>();

  constructor(sent: Sent) {
    this.#sent = sent;
  }

  read(value: unknown): SubmittedItem {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#refused('not_an_event');
    const item = value as JsonObject;
    const type = textOf(item['type'], MOST.type) ?? 'log';
    const data = objectOf(item['data']);
    const user = userOf(objectOf(data['@user'])['identity']);
    const isStart = type === 'session';
    const sessionKey = sessionKeyOf(isStart ? item['reference_id'] : data['@ref:session']);
    if (user === null && sessionKey === null) return this.#refused('anonymous');
    if (type === 'heartbeat') {
      const { host, arrival } = this.#sent;
      return { alive: { host, sessionKey, user, at: arrival.receivedAt } };
    }
    const kind = isStart ? 'session_start' : type === 'sessionend' ? 'session_stop' : 'note';
    const event = this.#event(kind, item, data);
    const note = kind === 'session_stop' ? null : noteOf(type, item, data);
    const eventId = this.#fingerprint(item, sessionKey, user?.id ?? null);
    return {
      ...event,
      sessionKey,
      user,
      note,
      message: kind === 'note' ? messageOf(item, data) : null,
      eventId,
    };
  }

  /** Kept of its surroundings: the user agent, the path, and from where it was. */
  #event(kind: Kind, item: JsonObject, data: JsonObject): Omit<UserEvent, 'note'> {
    const request = objectOf(data['@request']);
    const machine = textOf(objectOf(data['@environment'])['machine_name'], MOST.name);
    const { application, virtualProxy, arrival, host, userAgent, offsetMs } = this.#sent;
    const date = dateOf(item);
    const time = eventTime(date === null ? null : date + offsetMs, arrival.receivedAt);
    const isMoved = date !== null && time.timed && offsetMs !== 0;
    return {
      ...blankEvent(kind, arrival, host),
      ...time,
      originalAt: isMoved ? date : time.originalAt,
      origin: machine ?? textOf(request['client_ip_address'], MOST.name) ?? arrival.sender.address,
      context: textOf(request['path'], MOST.path)?.split(/[?#]/, 1)[0] ?? null,
      userAgent: textOf(request['user_agent'], MOST.agent) ?? userAgent,
      appId: application,
      virtualProxy,
    };
  }

  /** Equal for an event that is sent again. Its surroundings are not in it: they change until it is sent. */
  #fingerprint(item: JsonObject, sessionKey: string | null, userId: string | null): string {
    const { type, date, source, message, value, count, reference_id: reference } = item;
    const error = objectOf(objectOf(item['data'])['@error']);
    const facts = [
      this.#sent.host,
      type,
      date,
      source,
      message,
      value,
      count,
      reference,
      error['message'],
      error['type'],
    ];
    const print = hash('sha256', JSON.stringify([...facts, sessionKey, userId]), 'base64url');
    const before = this.#equal.get(print) ?? 0;
    this.#equal.set(print, before + 1);
    const shortened = print.slice(0, FINGERPRINT_CHARACTERS);
    return before === 0 ? shortened : `${shortened}.${before}`;
  }

  #refused(refused: string): SubmittedItem {
    return { refused, sample: `${this.#sent.host}, from ${this.#sent.arrival.sender.address}` };
  }
}

/** An event that says nothing but what it is. */
export function blankEvent(kind: Kind, arrival: Arrival, host: string): UserEvent {
  return { ...draftLine(kind, '', 0, arrival), host, application: true };
}

function noteOf(type: string, item: JsonObject, data: JsonObject): NoteDetails {
  return {
    type,
    source: textOf(item['source'], MOST.source) ?? textOf(objectOf(data['@error'])['type'], MOST.source),
    level: textOf(data['@level'], MOST.level),
    value: numberOf(item['value']),
    count: countOf(item['count']),
    version: textOf(data['@version'], MOST.version),
    userName: textOf(objectOf(data['@user'])['name'], MOST.name),
  };
}

function messageOf(item: JsonObject, data: JsonObject): string | null {
  return textOf(item['message'], MOST.message) ?? textOf(objectOf(data['@error'])['message'], MOST.message);
}
