import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { createHttpReceiver, type HttpReceiver, httpSchema } from '../../receivers/http/http.ts';
import type { AccessToken } from '../../src/api/access/api.schema.ts';
import { WrongTokens } from '../../src/api/access/wrong-tokens.ts';
import { type ApiLimits, createApi } from '../../src/api/api.ts';
import type { ApiParts } from '../../src/api/parts.ts';
import type { Centres } from '../../src/centres/centres.ts';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { type BlacklistRule, createBlacklist } from '../../src/contract/blacklist.ts';
import type { Receiver, ReceiverParts } from '../../src/contract/receiver.ts';
import type { SinkStats } from '../../src/contract/sink.ts';
import { createClassOf } from '../../src/contract/user-class.ts';
import { Duplicates } from '../../src/intake/duplicates.ts';
import { Pipeline } from '../../src/intake/pipeline.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openJournalFile } from '../../src/journal/journal-file.ts';
import { JournalReader } from '../../src/journal/read/reader.ts';
import { recover } from '../../src/journal/recover.ts';
import { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { Storms } from '../../src/sessions/storms/storms.ts';
import { partsUnderTest } from '../receivers/receivers-under-test.ts';

export const SALES = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
/** When every test begins. */
export const NOON = Date.parse('2026-05-19T12:00:00Z');

const SETTINGS = { timeoutMs: 1_800_000, graceMs: 300_000, maxAgeMs: 86_400_000 };

const SERVICE_USERS = [{ directory: 'LAB', userId: 'svc_*' }];

/** A receiver that listens, as far as the API knows it. */
const UDP: Receiver = {
  name: 'udp',
  start: async () => {},
  stop: async () => {},
  stats: () => ({ name: 'udp', listening: ['127.0.0.1:9997'], received: 0, kernelDropped: 0 }),
};

export interface ApiSettings {
  readonly blacklist?: readonly BlacklistRule[];
  readonly tokens?: readonly AccessToken[];
  readonly limits?: ApiLimits;
  /** A receiver besides `http`. */
  readonly receiver?: (parts: ReceiverParts) => Receiver;
  /** Others that share a stream with it, by the name of its store. */
  readonly centres?: (storeId: string) => Centres;
}

/** An API over real parts: a journal in a folder of its own, its two threads, a site and a pipeline. */
export class ApiUnderTest {
  readonly directory = mkdtempSync(join(tmpdir(), 'headcount-api-'));
  readonly site = new Site({
    ...SETTINGS,
    classOf: createClassOf(SERVICE_USERS),
    countsSites: true,
    timeoutMsOf: new Map([['hdr', 600_000]]),
  });
  readonly storms = new Storms(30);
  readonly pipeline: Pipeline;
  readonly journal: Journal;
  readonly http: HttpReceiver;
  readonly #another: Receiver | null;
  readonly app: FastifyInstance;
  readonly centres: Centres | null;
  now = NOON;
  hosts: readonly string[] | null = null;
  tokens: readonly AccessToken[];
  full = false;
  notReady: string | null = null;
  journalTrouble: string | null = null;
  sinks: readonly SinkStats[] = [];
  /** What would be logged. */
  readonly troubles: [kind: string, sample: string][] = [];
  readonly #reader: JournalReader;
  readonly #storeId: string;
  readonly #onCommitted: (() => void)[] = [];

  constructor({
    blacklist = [{ directory: 'INTERNAL' }],
    tokens = [],
    limits,
    receiver,
    centres,
  }: ApiSettings = {}) {
    const database = openJournalFile(this.directory, this.now);
    const recovered = recover(database, this.site);
    database.close();
    this.#storeId = recovered.storeId;
    this.centres = centres?.(recovered.storeId) ?? null;
    const { directory } = this;
    const appNames = new Map([[SALES, 'Sales']]);
    this.journal = new Journal(
      { directory, commitIntervalMs: 1, isFollowed: false, retentionMs: 90 * 86_400_000, maxBytes: 1e9 },
      this.site,
      recovered.names,
      recovered.nextSeq,
      {
        committed: (events) => {
          this.pipeline.committed(events);
          for (const listener of this.#onCommitted) listener();
        },
        trouble: (_kind, message) => {
          throw new Error(message);
        },
        failed: (error) => {
          throw error;
        },
      },
    );
    const data = { directory, appNames, blacklist, serviceUsers: SERVICE_USERS };
    this.#reader = new JournalReader(data, (error) => {
      throw error;
    });
    this.pipeline = new Pipeline({
      site: this.site,
      storms: this.storms,
      store: this.journal,
      duplicates: new Duplicates(),
      positions: [],
      blacklist: createBlacklist(blacklist),
      hash: (text) => hash('sha256', text, 'base64url'),
      checksum: (text) => crc32(text),
      onTrouble: (kind, sample) => this.troubles.push([kind, sample]),
      commitState: () => this.commitState(),
      now: () => this.now,
      later: (callback, ms) => setTimeout(callback, ms),
    });
    this.tokens = tokens;
    this.http = createHttpReceiver(httpSchema.parse({ type: 'http' }), this.httpParts);
    this.#another = receiver?.(this.httpParts) ?? null;
    this.app = this.#api(appNames, limits);
  }

  #api(appNames: ReadonlyMap<string, string>, limits: ApiLimits | undefined): FastifyInstance {
    const parts: ApiParts = {
      tokens: () => this.tokens,
      wrongTokens: new WrongTokens(() => this.now),
      hosts: () => this.hosts,
      trouble: (kind, sample) => this.troubles.push([kind, sample]),
      site: this.site,
      storms: this.storms,
      appNames: fixedAppNames(appNames),
      namesSource: () => null,
      counters: this.pipeline.counters,
      rulesSeen: () => this.pipeline.rulesSeen,
      inFlight: () => this.pipeline.inFlight,
      receivers: [UDP, this.http, ...(this.#another === null ? [] : [this.#another])],
      sinks: () => this.sinks,
      centres: this.centres,
      ask: async (question, asker) => {
        await this.settle();
        return this.#reader.ask(question, asker);
      },
      history: {
        storeId: this.#storeId,
        committedSeq: () => this.journal.committedSeq,
        onCommitted: (listener) => this.#onCommitted.push(listener),
        follow: (question) => this.#reader.follow(question),
        ask: (question, asker) => this.#reader.ask(question, asker),
        stateAt: () => this.journal.stateAt,
      },
      notReady: () => this.notReady,
      journalTrouble: () => this.journalTrouble,
      now: () => this.now,
      version: '1.2.3',
      processMetrics: null,
    };
    return createApi(parts, undefined, limits);
  }

  /** What its HTTP receiver is made with. */
  get httpParts(): ReceiverParts {
    return {
      ...partsUnderTest('http'),
      now: () => this.now,
      storeId: 's',
      isFull: () => this.full || this.journalTrouble !== null,
    };
  }

  async start(): Promise<this> {
    await this.journal.start();
    this.#reader.start();
    await this.http.start(this.pipeline);
    await this.#another?.start(this.pipeline);
    this.site.tick(this.now);
    return this;
  }

  /** As a reload does it. */
  replaceBlacklist(rules: readonly BlacklistRule[]): void {
    this.pipeline.replaceBlacklist(createBlacklist(rules), this.now);
    this.#reader.replaceBlacklist(rules);
  }

  commitState(): void {
    this.journal.checkpoint(this.now, stateOf(this.site));
  }

  /** Everything so far is on the disk, state included. */
  async settle(): Promise<void> {
    this.pipeline.work();
    this.commitState();
    await this.journal.committed();
  }

  /** The journal, for what a test does behind its back. */
  openDatabase(): DatabaseSync {
    return openJournalFile(this.directory, this.now);
  }

  /** Lets time pass, one tick a second. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds; i += 1) {
      this.now += 1000;
      this.site.tick(this.now);
      this.storms.tick(this.now);
    }
  }

  async get(url: string): Promise<Reply> {
    return this.send({ method: 'GET', url });
  }

  /** Posts events as JSON, or a text under another content type. */
  async post(body: unknown, type = 'application/json'): Promise<Reply> {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send({ method: 'POST', url: '/api/v1/events', headers: { 'content-type': type }, payload });
  }

  async send(options: InjectOptions): Promise<Reply> {
    const response = await this.app.inject({ ...options, payloadAsStream: true });
    const { statusCode, headers } = response;
    // An endless answer is known by its head.
    const isEndless = String(headers['content-type']).startsWith('text/event-stream');
    const body = isEndless ? '' : await text(response.stream());
    const isJson = body !== '' && String(headers['content-type']).startsWith('application/json');
    return { statusCode, headers, text: body, body: (isJson ? JSON.parse(body) : {}) as Body };
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.journal.stop(10_000);
    await this.#reader.stop();
    rmSync(this.directory, { recursive: true });
  }
}

/** The fields of answers that tests look into; whole bodies are compared with `toEqual`. */
export interface Body {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly refused: readonly { readonly index: number; readonly reason: string }[];
  readonly points: readonly { readonly at: string; readonly [count: string]: number | string | null }[];
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Item {
  readonly id: string;
  readonly seq: number;
  readonly sessionId: string | null;
  readonly user: { readonly directory: string | null; readonly id: string } | null;
  readonly [field: string]: unknown;
}

export interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Empty where the answer is no JSON. */
  readonly body: Body;
}
