import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Arrival } from '../../src/contract/event.ts';
import { hostAndPort } from '../../src/contract/host.ts';
import {
  defineReceiver,
  type EventIntake,
  type Outcome,
  type Receiver,
  type ReceiverParts,
  type ReceiverStats,
  receiverSettings,
  type SubmittedItem,
} from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import {
  type BodyItem,
  JSON_LIMIT_BYTES,
  jsonItems,
  LINE_TYPES,
  LINES_LIMIT_BYTES,
  lineItems,
} from './body.ts';
import { limitBodies } from './body-room.ts';
import { bodyText } from './body-text.ts';
import { eventsAnswers, eventsBody } from './http.schema.ts';
import { readItem } from './item.ts';
import { fail, unavailable, within } from './replies.ts';

const PATH = '/api/v1/events';

/** Served by the API, at its address and behind its tokens. */
export const httpSchema = z.strictObject({ type: z.literal('http'), ...receiverSettings });
export type HttpConfig = z.output<typeof httpSchema>;

export interface HttpReceiver extends Receiver {
  routes(api: FastifyInstance): void;
}

/**
 * `POST /api/v1/events`. Items are checked one by one, and the answer comes when the good ones are committed.
 * `commitTimeoutMs`: how long a sender waits for that before it is told to come again.
 */
export function createHttpReceiver(
  _config: HttpConfig,
  parts: ReceiverParts,
  commitTimeoutMs = COMMIT_TIMEOUT_MS,
): HttpReceiver {
  return new Http(parts, commitTimeoutMs);
}

export const httpReceiver = defineReceiver({
  schema: httpSchema,
  create: (config, parts) => createHttpReceiver(config, parts),
  isServed: true,
  notes: () => [`POST ${PATH} of the API`],
});

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

class Http implements HttpReceiver {
  readonly name: string;
  readonly #parts: ReceiverParts;
  readonly #commitTimeoutMs: number;
  #api: FastifyInstance | null = null;
  /** Null before the start and after the stop. */
  #intake: EventIntake | null = null;
  #received = 0;
  #refusedRequests = 0;

  constructor(parts: ReceiverParts, commitTimeoutMs: number) {
    this.name = parts.name;
    this.#parts = parts;
    this.#commitTimeoutMs = commitTimeoutMs;
  }

  routes(api: FastifyInstance): void {
    this.#api = api;
    api.register(async (scope) => {
      limitBodies(scope);
      readBodiesAsItems(scope);
      scope.route({
        method: 'POST',
        url: PATH,
        config: { describedBody: eventsBody },
        schema: {
          summary: 'Takes events, as JSON or NDJSON',
          querystring: { type: 'object', additionalProperties: false, properties: {} },
          response: eventsAnswers,
        },
        onResponse: async (_request, reply) => {
          const { statusCode } = reply;
          if (statusCode >= 400 && statusCode !== 422) this.#refusedRequests += 1;
        },
        handler: (request, reply) => this.#handle(request, reply),
      });
    });
  }

  async start(intake: EventIntake): Promise<void> {
    this.#intake = intake;
  }

  /** Events that were handed over are answered when they are committed, also after this. */
  async stop(): Promise<void> {
    this.#intake = null;
  }

  async #handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const items = request.body as BodyItem[] | null | undefined;
    if (!Array.isArray(items)) return fail(reply, 415, 'expected a body of JSON or NDJSON');
    if (this.#intake === null) return unavailable(reply, 'no events are taken: Headcount starts or stops');
    if (this.#parts.isFull()) return unavailable(reply, 'the journal cannot take more at the moment');
    this.#received += items.length;
    return this.#take(items, arrivalOf(request, this.#parts.now()), senderOf(request), this.#intake, reply);
  }

  async #take(
    items: readonly BodyItem[],
    arrival: Arrival,
    sender: string,
    intake: EventIntake,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const problems = new Map<number, string>();
    const submitted = items.map((item, index): SubmittedItem => {
      const read = 'value' in item ? readItem(item.value, arrival, sender) : item;
      if (read === 'heartbeat' || !('problem' in read)) return read;
      problems.set(index, read.problem);
      return { refused: 'bad_item', sample: `${this.name}: ${arrival.sender.address}: ${read.problem}` };
    });
    let outcomes: Outcome[];
    try {
      outcomes = await within(this.#commitTimeoutMs, intake.submit(submitted));
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

  stats(): ReceiverStats {
    const listening = this.#api === null || this.#intake === null ? [] : addressesOf(this.#api);
    const [received, refusedRequests] = [this.#received, this.#refusedRequests];
    return { name: this.name, listening, kernelDropped: null, received, refusedRequests };
  }
}

/** JSON is not read by Fastify's own parser: that refuses the whole request for one odd key. */
function readBodiesAsItems(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: JSON_LIMIT_BYTES },
    async ({ headers }: FastifyRequest, body: Buffer) =>
      jsonItems(await bodyText(body, headers, JSON_LIMIT_BYTES)),
  );
  scope.addContentTypeParser(
    LINE_TYPES,
    { parseAs: 'buffer', bodyLimit: LINES_LIMIT_BYTES },
    async ({ headers }: FastifyRequest, body: Buffer) =>
      lineItems(await bodyText(body, headers, LINES_LIMIT_BYTES)),
  );
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

/** Whose ids those of a request are: of whoever has the token, wherever it is used, else of the address. */
function senderOf(request: FastifyRequest): string {
  const { tokenName = null } = request as { readonly tokenName?: string | null };
  return tokenName === null ? plainAddress(request.ip) : `token ${tokenName}`;
}

function addressesOf(app: FastifyInstance): string[] {
  const bound = app.addresses() as AddressInfo[];
  return bound.map(({ address, port }) => `http://${hostAndPort(address, port)}${PATH}`);
}
