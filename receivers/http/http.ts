import { STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Arrival } from '../../src/contract/event.ts';
import { hostAndPort } from '../../src/contract/host.ts';
import type { Intake, Outcome, ReceiverStats, SubmittedItem } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { eventsAnswers } from './http.schema.ts';
import { readItem } from './item.ts';

export const HTTP_RECEIVER_PATH = '/api/v1/events';

export interface HttpReceiverParts {
  readonly intake: Intake;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** True while the journal cannot take more. */
  readonly full: () => boolean;
  /** How long a sender waits for the commit before it is told to come again. */
  readonly commitTimeoutMs?: number;
}

/** What came of a request; every item is in exactly one of the numbers. */
interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly excluded: number;
  readonly heartbeats: number;
  /** By place in the request; blank lines are not counted. */
  readonly refused: readonly { readonly index: number; readonly reason: string }[];
}

const JOURNAL_FULL = 'journal_full';
const COMMIT_TIMEOUT_MS = 10_000;

/**
 * Adds `POST /api/v1/events` to an API. Items are checked one by one, and the answer comes when the good
 * ones are committed. Returns where to ask for the receiver's counters.
 */
export function registerHttpReceiver(app: FastifyInstance, parts: HttpReceiverParts): () => ReceiverStats {
  const counters = { received: 0, refusedRequests: 0 };
  app.register(async (scope) => {
    readBodiesAsItems(scope);
    scope.route({
      method: 'POST',
      url: HTTP_RECEIVER_PATH,
      schema: {
        summary: 'Takes events, as JSON or NDJSON',
        querystring: { type: 'object', additionalProperties: false, properties: {} },
        response: eventsAnswers,
      },
      onResponse: async (_request, reply) => {
        const { statusCode } = reply;
        if (statusCode >= 400 && statusCode !== 422) counters.refusedRequests += 1;
      },
      handler: async (request, reply) => {
        const items = request.body as BodyItem[] | null | undefined;
        if (!Array.isArray(items)) return fail(reply, 415, 'expected a body of JSON or NDJSON');
        if (parts.full()) return unavailable(reply, 'the journal cannot take more at the moment');
        counters.received += items.length;
        return take(items, arrivalOf(request, parts.now()), parts, reply);
      },
    });
  });
  return () => ({ name: 'http', listening: addressesOf(app), kernelDropped: null, ...counters });
}

/** JSON is not read by Fastify's own parser: that refuses the whole request for one odd key. */
function readBodiesAsItems(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: JSON_LIMIT_BYTES },
    async (_request: FastifyRequest, body: string) => jsonItems(body),
  );
  scope.addContentTypeParser(
    LINE_TYPES,
    { parseAs: 'string', bodyLimit: LINES_LIMIT_BYTES },
    async (_request: FastifyRequest, body: string) => lineItems(body),
  );
}

async function take(
  items: readonly BodyItem[],
  arrival: Arrival,
  { intake, commitTimeoutMs = COMMIT_TIMEOUT_MS }: HttpReceiverParts,
  reply: FastifyReply,
) {
  const problems = new Map<number, string>();
  const submitted = items.map((item, index): SubmittedItem => {
    const read = 'value' in item ? readItem(item.value, arrival) : item;
    if (read === 'heartbeat' || !('problem' in read)) return read;
    problems.set(index, read.problem);
    return { refused: 'bad_item', sample: `http: ${arrival.sender.address}: ${read.problem}` };
  });
  let outcomes: Outcome[];
  try {
    outcomes = await within(commitTimeoutMs, intake.submit(submitted));
  } catch {
    return unavailable(reply, 'not on the disk yet; send it again, with ids so that nothing counts twice');
  }
  const answer = answerOf(outcomes, problems);
  if (items.length === 0 || answer.refused.length < items.length) return reply.code(202).send(answer);
  if (answer.refused.some(({ reason }) => reason === JOURNAL_FULL)) {
    return unavailable(reply, 'the journal cannot take more at the moment');
  }
  return fail(reply, 422, 'every item was refused', answer);
}

function answerOf(outcomes: readonly Outcome[], problems: ReadonlyMap<number, string>): Answer {
  const numbers = { accepted: 0, duplicate: 0, excluded: 0, heartbeat: 0 };
  const refused: { index: number; reason: string }[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status !== 'refused') numbers[outcome.status] += 1;
    else refused.push({ index, reason: problems.get(index) ?? outcome.reason });
  }
  const { accepted, duplicate, excluded, heartbeat } = numbers;
  return { accepted, duplicates: duplicate, excluded, heartbeats: heartbeat, refused };
}

function arrivalOf(request: FastifyRequest, receivedAt: number): Arrival {
  return { receivedAt, sender: { address: plainAddress(request.ip), port: request.socket.remotePort ?? 0 } };
}

/** Rejects where `promise` takes longer than `ms`. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    // Nobody is left to be answered where this alone would keep the program running.
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms).unref();
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(reply: FastifyReply, message: string): FastifyReply {
  reply.header('retry-after', '1');
  return fail(reply, 503, message);
}

function fail(reply: FastifyReply, statusCode: number, message: string, more: object = {}): FastifyReply {
  return reply.code(statusCode).send({ statusCode, error: STATUS_CODES[statusCode], message, ...more });
}

function addressesOf(app: FastifyInstance): string[] {
  const bound = app.addresses() as AddressInfo[];
  return bound.map(({ address, port }) => `http://${hostAndPort(address, port)}${HTTP_RECEIVER_PATH}`);
}

/** One item of a request: its JSON value, or why it is none. */
export type BodyItem = { readonly value: unknown } | { readonly problem: string };

/** A body that is refused as a whole. */
export class BodyError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Content types with one JSON value a line. */
export const LINE_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

const MIB = 1_048_576;
/** JSON can only be parsed in one go, during which nothing else is received; lines can be parsed in turns. */
export const JSON_LIMIT_BYTES = MIB;
export const LINES_LIMIT_BYTES = 4 * MIB;
const MOST_ITEMS = 10_000;
const TURN_CHARACTERS = 131_072;
/** An item has a depth of two. */
const MOST_DEPTH = 16;

/**
 * The items of a JSON body: those of an array, else the one value.
 * @throws BodyError where the whole body is no JSON, or more than anyone needs
 */
export function jsonItems(text: string): BodyItem[] {
  // Windows PowerShell writes a byte order mark, which JSON does not know.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (isTooDeep(json)) throw new BodyError(400, TOO_DEEP);
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch (error) {
    throw new BodyError(400, `not JSON: ${(error as Error).message}`);
  }
  const values: unknown[] = Array.isArray(body) ? body : [body];
  if (values.length > MOST_ITEMS) throw tooMany();
  return values.map((value) => ({ value }));
}

/**
 * The items of a body of lines; a blank line is none, a broken one is an item of its own.
 * @throws BodyError where there are too many
 */
export async function lineItems(text: string): Promise<BodyItem[]> {
  const items: BodyItem[] = [];
  let turn = 0;
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start += line.length + 1;
    if (line.trim() !== '' && items.push(lineItem(line)) > MOST_ITEMS) throw tooMany();
    if (start < turn + TURN_CHARACTERS) continue;
    turn = start;
    await setImmediate();
  }
  return items;
}

function lineItem(line: string): BodyItem {
  if (line.length > JSON_LIMIT_BYTES) return { problem: 'a line of more than 1 MiB' };
  if (isTooDeep(line)) return { problem: TOO_DEEP };
  try {
    return { value: JSON.parse(line) };
  } catch {
    return { problem: 'not JSON' };
  }
}

const TOO_DEEP = `not JSON: nested more than ${MOST_DEPTH} deep`;

function tooMany(): BodyError {
  return new BodyError(413, `more than ${MOST_ITEMS} items in one request`);
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 91, 93, 123, 125];

/** Found by a look at the characters: the parser would spend a second on a few million brackets. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (inString) {
      if (character === BACKSLASH) at += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_ARRAY || character === OPEN_OBJECT) {
      depth += 1;
      if (depth > MOST_DEPTH) return true;
    } else if (character === CLOSE_ARRAY || character === CLOSE_OBJECT) depth -= 1;
  }
  return false;
}
