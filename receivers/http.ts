import { STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Arrival } from '../src/core/event.ts';
import { hostAndPort } from '../src/core/host.ts';
import type { Intake, Outcome, ReceiverStats, SubmittedItem } from '../src/core/receiver.ts';
import {
  type BodyItem,
  JSON_LIMIT_BYTES,
  jsonItems,
  LINE_TYPES,
  LINES_LIMIT_BYTES,
  lineItems,
} from './http-body.ts';
import { readItem } from './http-item.ts';
import { eventsAnswers } from './http-schema.ts';
import { plainAddress } from './plain-address.ts';

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
