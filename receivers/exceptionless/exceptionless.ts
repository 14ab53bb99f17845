import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { z } from 'zod';
import type { Arrival } from '../../src/contract/event.ts';
import { hostOfApplication } from '../../src/contract/host.ts';
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
import { integer } from '../../src/contract/settings.ts';
import { plainAddress } from '../address.ts';
import { limitBodies } from '../http/body-room.ts';
import { unavailable, within } from '../http/replies.ts';
import { AddressLimit } from './address-limit.ts';
import { ClientClocks } from './client-clock.ts';
import { type Description, ROUTES } from './exceptionless.schema.ts';
import { objectOf, textOf } from './fields.ts';
import { readBeat } from './heartbeat.ts';
import { MOST_BYTES, postedItems } from './post.ts';
import { blankEvent, datesOf, PostReader, type Sent } from './read-event.ts';

const BASE = '/api/v2';
/** Of the settings that clients ask for: there are none, and there never were others. */
const SETTINGS_VERSION = '1';
const VERSION_HEADER = 'x-exceptionless-configversion';
const MOST_AGENT = 1_024;
const MOST_DESCRIPTION = 2_000;
/** A client waits without a limit, and pauses up to a quarter of an hour where it is sent away; a silent connection is closed after 120 s. */
const WAITS_MS = 100_000;
/** Behind a reverse proxy thousands of people are one address. */
const EVENTS_PER_MINUTE = 30_000;
const JOURNAL_BEHIND = 'the journal cannot take more at the moment';

/** Served by the API, at its address and behind its tokens. Not there unless it is configured: pages of any origin may send to it. */
export const exceptionlessSchema = z.strictObject({
  type: z.literal('exceptionless'),
  eventsPerMinute: integer(60, 100_000_000).prefault(EVENTS_PER_MINUTE),
  ...receiverSettings,
});

export interface ExceptionlessReceiver extends Receiver {
  routes(api: FastifyInstance): void;
}

export const exceptionlessReceiver = defineReceiver({
  schema: exceptionlessSchema,
  create: ({ eventsPerMinute }, parts) => createExceptionlessReceiver(parts, eventsPerMinute),
  isServed: true,
  notes: () => [`clients of Exceptionless, below ${BASE} of the API; pages of any origin may send`],
});

/** `eventsPerMinute`: of one key from one address, and as many heartbeats. */
export function createExceptionlessReceiver(
  parts: ReceiverParts,
  eventsPerMinute = EVENTS_PER_MINUTE,
): ExceptionlessReceiver {
  return new Exceptionless(parts, eventsPerMinute);
}

class Exceptionless implements ExceptionlessReceiver {
  readonly name: string;
  readonly #parts: ReceiverParts;
  readonly #clocks = new ClientClocks();
  readonly #limits: { readonly events: AddressLimit; readonly beats: AddressLimit };
  /** Null before the start and after the stop. */
  #intake: EventIntake | null = null;
  #received = 0;
  #refusedRequests = 0;

  constructor(parts: ReceiverParts, eventsPerMinute: number) {
    this.name = parts.name;
    this.#parts = parts;
    this.#limits = {
      events: new AddressLimit(eventsPerMinute),
      beats: new AddressLimit(eventsPerMinute),
    };
  }

  routes(api: FastifyInstance): void {
    api.register(async (scope) => {
      limitBodies(scope);
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        '*',
        { parseAs: 'buffer', bodyLimit: MOST_BYTES },
        async (_: unknown, body: Buffer) => body,
      );
      const route = (
        method: 'GET' | 'POST',
        path: string,
        { summary, body, query, response }: Description,
        handler: RouteOptions['handler'],
      ) => {
        const url = `${BASE}${path}`;
        const described = { describedBody: body, describedQuery: query };
        scope.route({
          url,
          method,
          config: { isForPagesElsewhere: true, ...described },
          schema: { summary, response },
          // Before the body is read.
          ...(method === 'POST'
            ? { onRequest: async (request, reply) => this.#tooFast(request, reply, this.#limits.events) }
            : {}),
          handler,
          onResponse: async (_request, { statusCode }) => {
            if (statusCode >= 400) this.#refusedRequests += 1;
          },
        });
        scope.route({
          url,
          method: 'OPTIONS',
          config: { isForPagesElsewhere: true },
          schema: { hide: true },
          handler: async (_request, reply) => reply.code(204).send(),
        });
      };
      route('POST', '/events', ROUTES.events, (...at) => this.#events(...at));
      route('GET', '/events/session/heartbeat', ROUTES.beat, (...at) => this.#beat(...at));
      route('GET', '/projects/config', ROUTES.settings, (...at) => this.#settings(...at));
      route('POST', '/events/by-ref/:reference/user-description', ROUTES.description, (...at) =>
        this.#description(...at),
      );
    });
  }

  async start(intake: EventIntake): Promise<void> {
    this.#intake = intake;
  }

  /** Events that were handed over are answered when they are committed, also after this. */
  async stop(): Promise<void> {
    this.#intake = null;
  }

  stats(): ReceiverStats {
    return {
      name: this.name,
      kernelDropped: null,
      received: this.#received,
      refusedRequests: this.#refusedRequests,
    };
  }

  async #events(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const posted = await postedItems(request.body, request.headers);
    const sent = this.#sent(request);
    this.#took(this.#limits.events, sent, posted.values.length);
    const offsetMs = this.#offsetOf(posted.values, sent);
    const reader = new PostReader({ ...sent, offsetMs });
    const items = posted.values.map((value) => reader.read(value));
    if (posted.problem !== null) {
      items.push({
        refused: 'bad_post',
        sample: `${this.name}: ${sent.arrival.sender.address}: ${posted.problem}`,
      });
    }
    return this.#take(items, reply);
  }

  /** Whose clock it is, is known by its first event: all of a post are of one client. */
  #offsetOf(values: readonly unknown[], { host, arrival }: Pick<Sent, 'host' | 'arrival'>): number {
    const dates = datesOf(values);
    if (dates.length === 0) return 0;
    const { receivedAt, sender } = arrival;
    const first = objectOf(objectOf(objectOf(values[0])['data'])['@user'])['identity'];
    const client = JSON.stringify([host, sender.address, textOf(first, MOST_AGENT)]);
    const newest = dates.reduce((latest, date) => Math.max(latest, date));
    return this.#clocks.offsetMs(client, receivedAt, receivedAt - newest);
  }

  async #beat(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { arrival, host } = this.#sent(request);
    const beat = readBeat(request.raw.url ?? '');
    if (beat === null)
      return this.#take([{ refused: 'anonymous', sample: `${host}, a heartbeat` }], reply, 200);
    const { sessionKey, user, close } = beat;
    const limit = close ? this.#limits.events : this.#limits.beats;
    const refused = this.#tooFast(request, reply, limit);
    if (refused !== undefined) return refused;
    this.#took(limit, { arrival, host }, 1);
    const item: SubmittedItem = close
      ? { ...blankEvent('session_stop', arrival, host), sessionKey, user }
      : { alive: { host, sessionKey, user, at: arrival.receivedAt } };
    return this.#take([item], reply, 200);
  }

  /** Replaces what a client may have kept of another server. */
  async #settings(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { v } = request.query as { readonly v?: unknown };
    reply.header(VERSION_HEADER, SETTINGS_VERSION);
    if (v === SETTINGS_VERSION) return reply.code(304).send();
    return reply.send({ version: Number(SETTINGS_VERSION), settings: {} });
  }

  /** It may come before the event that it is of, so it stands for itself, with the reference of that. */
  async #description(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { arrival, host, application, virtualProxy } = this.#sent(request);
    this.#took(this.#limits.events, { arrival, host }, 1);
    const { values } = await postedItems(request.body, request.headers);
    const { reference } = request.params as { readonly reference: string };
    const event = {
      ...blankEvent('note', arrival, host),
      ...{ appId: application, virtualProxy },
      message: textOf(objectOf(values[0])['description'], MOST_DESCRIPTION),
      note: { ...NOTHING, type: 'user-description', source: textOf(reference, 100) },
    };
    return this.#take([event], reply);
  }

  /** Sends away whose address has sent too much: a client that is answered so keeps its events, and comes again with them. */
  #tooFast(request: FastifyRequest, reply: FastifyReply, limit: AddressLimit): FastifyReply | undefined {
    const { arrival, host } = this.#sent(request);
    const { address } = arrival.sender;
    const waitMs = limit.waitMs(host, address, arrival.receivedAt);
    if (waitMs === 0) return undefined;
    this.#intake?.refuse('too_fast', `${host}, from ${address}`);
    reply.header('connection', 'close');
    return unavailable(reply, 'this address sends more than it may in a minute', Math.ceil(waitMs / 1_000));
  }

  /** A post of nothing is work as well. */
  #took(limit: AddressLimit, { arrival, host }: Pick<Sent, 'arrival' | 'host'>, items: number): void {
    limit.took(host, arrival.sender.address, arrival.receivedAt, Math.max(1, items));
  }

  #sent(request: FastifyRequest): Omit<Sent, 'offsetMs'> {
    const { ip, socket, headers, tokenName } = request as FastifyRequest & {
      readonly tokenName?: string | null;
    };
    const arrival: Arrival = {
      receivedAt: this.#parts.now(),
      sender: { address: plainAddress(ip), port: socket.remotePort ?? 0 },
    };
    // Without tokens any key is taken, and none is shown.
    const host = hostOfApplication(tokenName ?? this.name);
    const { application = null, virtualProxy = null } = this.#parts.applicationOf?.(host) ?? {};
    return { arrival, host, application, virtualProxy, userAgent: textOf(headers['user-agent'], MOST_AGENT) };
  }

  /** Answers once everything is committed, whatever single items are worth: a client that is told of a fault falls silent for hours. */
  async #take(items: SubmittedItem[], reply: FastifyReply, statusCode = 202): Promise<FastifyReply> {
    reply.header(VERSION_HEADER, SETTINGS_VERSION);
    let outcomes: Outcome[];
    try {
      const intake = await this.#ready();
      this.#received += items.length;
      outcomes = await intake.submit(items);
    } catch (error) {
      return unavailable(reply, (error as Error).message);
    }
    const isFull = outcomes.some(
      (outcome) => outcome.status === 'refused' && outcome.reason === 'journal_full',
    );
    return isFull ? unavailable(reply, JOURNAL_BEHIND) : reply.code(statusCode).send();
  }

  /** Waits for a journal that is behind. */
  async #ready(): Promise<EventIntake> {
    const intake = this.#intake;
    if (intake !== null && this.#parts.isFull()) await within(WAITS_MS, intake.drained(), JOURNAL_BEHIND);
    if (this.#intake === null) throw new Error('no events are taken: Headcount starts or stops');
    return this.#intake;
  }
}

const NOTHING = { source: null, level: null, value: null, count: null, version: null, userName: null };
