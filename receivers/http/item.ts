import { type Arrival, KINDS, type Kind, REJECTION_REASONS, type User } from '../../src/contract/event.ts';
import type { SubmittedItem } from '../../src/contract/receiver.ts';
import { ISO_TIME_EXPECTED, parseIsoTime } from '../../src/formats/event-time.ts';
import { cut, isNull, MAX_FIELD, orNull, readContext } from '../../src/formats/fields.ts';
import { readHost } from '../../src/formats/host.ts';
import { eventTime } from '../../src/formats/index.ts';
import { type Draft, draftLine } from '../../src/formats/parsed-line.ts';

/** An item, or in words for its sender why it is none. */
export type ReadItem = Exclude<SubmittedItem, { refused: string }> | { readonly problem: string };

const KEYS: ReadonlySet<string> = new Set([
  'type',
  'user',
  'host',
  'at',
  'id',
  'sessionId',
  'virtualProxy',
  'appId',
  'origin',
  'context',
  'userAgent',
  'result',
  'reason',
  'message',
  'name',
  'data',
]);
const USER_KEYS: ReadonlySet<string> = new Set(['directory', 'id']);

const MAX_EVENT_ID = 200;
const MAX_NOTE_NAME = 200;
// As much as is kept of a log line's.
const MAX_USER_AGENT = 1024;
const MAX_CONTEXT = 2048;
const MAX_MESSAGE = 4096;

/** Checks one item of `POST /api/v1/events`. Takes any JSON value, never throws. `sender`: whose ids those in it are. */
export function readItem(value: unknown, arrival: Arrival, sender = arrival.sender.address): ReadItem {
  if (!isObject(value)) return { problem: 'expected an object' };
  const fields = new FieldReader(value);
  const type = typeOf(fields);
  fields.checkKeys(KEYS);
  const event = draftLine(type === 'heartbeat' ? 'session_start' : type, '', 0, arrival);
  readWhenAndWhere(event, fields, arrival);
  if (type !== 'heartbeat' || fields.value('user') !== null) event.user = userOf(value, fields);
  readDetails(event, fields);
  readNote(event, fields);
  event.reason = fields.oneOf('reason', REJECTION_REASONS);
  if (type === 'session_rejected') {
    event.reason ??= 'denied';
    // A rejection is no session of ours.
    event.sessionKey = null;
  } else if (event.reason !== null) fields.fail('reason: only a session_rejected has one');
  if (fields.problem !== null) return { problem: fields.problem };
  if (event.eventId !== null) event.identifiedBy = sender;
  return type === 'heartbeat' ? 'heartbeat' : event;
}

function typeOf(fields: FieldReader): Kind | 'heartbeat' {
  const type = fields.value('type');
  if (type === 'heartbeat') return type;
  const kind = KINDS.find((each) => each === type);
  if (kind !== undefined) return kind;
  if (typeof type === 'string') fields.fail(`unknown type ${JSON.stringify(cut(type, 100))}`);
  else fields.failField('type', `one of ${KINDS.join(', ')}, heartbeat`);
  return 'heartbeat';
}

function readWhenAndWhere(event: Draft, fields: FieldReader, arrival: Arrival): void {
  readHost(event, fields.string('host') ?? '', arrival);
  const text = fields.value('at');
  if (text === null) return;
  const original = typeof text === 'string' ? parseIsoTime(text) : null;
  if (original === null) fields.fail(`at: ${ISO_TIME_EXPECTED}`);
  const { at, originalAt, timed } = eventTime(original, arrival.receivedAt);
  event.at = at;
  event.originalAt = originalAt;
  event.timed = timed;
}

function userOf(item: JsonObject, fields: FieldReader): User | null {
  const value = item['user'];
  if (value === null) return null;
  if (!isObject(value)) return fields.failField('user', '{directory, id} or null');
  const user = new FieldReader(value, 'user.');
  user.checkKeys(USER_KEYS);
  const directory = user.name('directory');
  // Unlike null and absent, which are mistakes here, an empty or `(null)` id is what a log says of nobody.
  const id = user.value('id') === null ? user.failField('id', ID_EXPECTED) : user.name('id');
  if (user.problem !== null) return fields.fail(user.problem);
  return id === null ? null : { directory, id };
}

const ID_EXPECTED = 'a string up to 1024 characters';

function readDetails(event: Draft, fields: FieldReader): void {
  event.eventId = eventIdOf(fields);
  const sessionKey = fields.string('sessionId');
  event.sessionKey = sessionKey === '0' ? null : sessionKey;
  event.virtualProxy = fields.string('virtualProxy');
  event.origin = fields.string('origin');
  const appId = fields.string('appId')?.toLowerCase() ?? null;
  const context = fields.text('context', MAX_CONTEXT);
  if (context !== null) readContext(event, context, 0, context.length);
  if (appId !== null) event.appId = appId;
  event.userAgent = fields.text('userAgent', MAX_USER_AGENT);
  event.result = fields.integer('result');
  event.message = fields.text('message', MAX_MESSAGE);
}

/** A note has a name, and may have data: a text, or JSON. */
function readNote(event: Draft, fields: FieldReader): void {
  const [name, data] = [fields.string('name', MAX_NOTE_NAME), fields.value('data')];
  if (event.kind !== 'note') {
    if (name !== null || data !== null) fields.fail('name, data: only a note has them');
    return;
  }
  if (name === null) fields.failField('name', `a string up to ${MAX_NOTE_NAME} characters`);
  event.note = {
    type: null,
    source: name,
    level: null,
    value: null,
    count: null,
    version: null,
    userName: null,
  };
  if (data === null) return;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  event.message = cut(text.toWellFormed(), MAX_MESSAGE);
}

function eventIdOf(fields: FieldReader): string | null {
  const id = fields.value('id');
  if (id === null) return null;
  if (typeof id !== 'string' || id === '' || id.length > MAX_EVENT_ID) {
    return fields.failField('id', `a string of 1 to ${MAX_EVENT_ID} characters`);
  }
  return orNull(id)?.toWellFormed() ?? null;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_NAMED = 100;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the fields of one JSON object and keeps the first problem, in words for the sender. Strings come
 * back well-formed: JSON can write half a surrogate pair, UTF-8 cannot.
 */
export class FieldReader {
  readonly #object: JsonObject;
  readonly #prefix: string;
  problem: string | null = null;

  /** `prefix` stands before every name in a problem: `user.`. */
  constructor(object: JsonObject, prefix = '') {
    this.#object = object;
    this.#prefix = prefix;
  }

  fail(problem: string): null {
    this.problem ??= problem;
    return null;
  }

  failField(name: string, expected: string): null {
    return this.fail(`${this.#prefix}${name}: expected ${expected}`);
  }

  /** Every key must be among `names`. */
  checkKeys(names: ReadonlySet<string>): void {
    for (const key of Object.keys(this.#object)) {
      if (!names.has(key)) this.fail(`unknown key ${JSON.stringify(this.#prefix + cut(key, MAX_NAMED))}`);
    }
  }

  /** The value as it is; undefined and null are the same. */
  value(name: string): unknown {
    return this.#object[name] ?? null;
  }

  /** Null for absent, null, and what Sense writes for unknown. */
  string(name: string, most = MAX_FIELD): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string' || value.length > most) {
      return this.failField(name, `a string up to ${most} characters`);
    }
    return isNull(value) ? null : value.toWellFormed();
  }

  /** As `string`, but half a surrogate pair is refused: two users would become one if it were replaced. */
  name(name: string): string | null {
    const value = this.value(name);
    if (typeof value !== 'string' || value.isWellFormed()) return this.string(name);
    return this.failField(name, 'whole characters, found half a surrogate pair');
  }

  /** A text of any length, of which the first `most` characters are kept. */
  text(name: string, most: number): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string') return this.failField(name, 'a string');
    return isNull(value) ? null : cut(value.toWellFormed(), most);
  }

  integer(name: string): number | null {
    const value = this.value(name);
    if (value === null) return null;
    return Number.isSafeInteger(value) ? Number(value) : this.failField(name, 'an integer');
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | null {
    const value = this.value(name);
    if (value === null) return null;
    return values.find((each) => each === value) ?? this.failField(name, `one of ${values.join(', ')}`);
  }
}
