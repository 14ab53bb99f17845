import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createReceivers } from '../receivers/index.ts';
import { ApiAccess } from './api/access/access.ts';
import { WrongTokens } from './api/access/wrong-tokens.ts';
import { closeApi, createApi, listenApi } from './api/api.ts';
import { SharedRun, Ticker } from './checkpoints.ts';
import { type Config, keysForRestart } from './config/config.ts';
import { fixedAppNames } from './contract/app-names.ts';
import type { Receiver } from './contract/receiver.ts';
import { Delivery } from './delivery/delivery.ts';
import { createBlacklist } from './intake/blacklist.ts';
import { Duplicates } from './intake/duplicates.ts';
import { Pipeline } from './intake/pipeline.ts';
import { Journal } from './journal/journal.ts';
import { lockStore } from './journal/journal-file.ts';
import { JournalReader } from './journal/read/reader.ts';
import type { JsonQuestion } from './journal/read/reader-thread.ts';
import type { Recovered } from './journal/recover.ts';
import { recoverFile } from './journal/recover-file.ts';
import { Site } from './sessions/site.ts';
import { type SiteState, stateOf } from './sessions/site-state.ts';
import { TroubleLog } from './trouble-log.ts';

const MINUTE_TICKS = 60;
/**
 * Each of very many active sessions has its place in the journal's table to itself: writing them down every
 * fifth second costs a fraction of every second. Until then the events speak for them.
 */
const MANY_ACTIVITIES = 5_000;
const CROWDED_TICKS = 5;
/** How long the end waits for commits that fail; the writer tries once a second. */
const COMMITS_WITHIN_MS = 1_500;
/** So long a read waits for what was accepted before it, and a reload for its commit. */
const READ_WAITS_MS = 2_000;
/** 128 bits of the digest: equal only for equal lines. */
const IDENTITY_CHARACTERS = 22;

export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly version: string;
  /** Metrics of the process, for `/metrics`. */
  readonly processMetrics?: Registry;
  /** Writes to standard output. */
  readonly print: (text: string) => Promise<void>;
  /** Nothing can be accepted any more: stop, and let whoever watches start it again. */
  readonly onFailed: (error: Error) => void;
}

/** Headcount, running. */
export interface App {
  /** Addresses as bound, by receiver name; `api` is a URL. */
  readonly listening: { readonly api: string; readonly [receiver: string]: readonly string[] | string };
  readonly site: Site;
  readonly pipeline: Pipeline;
  /**
   * Takes the new blacklist, tokens and names of the API, and looks for new addresses of names and files of TLS; says
   * which other keys have changed, for they need a restart.
   */
  reload(config: Config): Promise<void>;
  /** Stops receiving, commits what was accepted, closes everything. */
  stop(): Promise<void>;
}

/**
 * The one place where parts meet: journal, site, pipeline, receivers, API.
 * @throws JournalError, StoreInUseError, or what a receiver says of an address it cannot have
 */
export async function startApp(options: AppOptions): Promise<App> {
  const running = new RunningApp(options);
  try {
    await running.start();
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

class RunningApp implements App {
  readonly site: Site;
  readonly pipeline: Pipeline;
  listening: App['listening'] = { api: '' };
  readonly #options: AppOptions;
  readonly #unlock: () => void;
  readonly #journal: Journal;
  readonly #reader: JournalReader;
  readonly #deliveries: Delivery;
  readonly #receivers: Receiver[];
  readonly #api: ReturnType<typeof createApi>;
  readonly #troubles: TroubleLog;
  readonly #access: ApiAccess;
  readonly #ticker: Ticker;
  #ticks = 0;
  #dropped = 0;
  readonly #reads = new SharedRun(() => this.#commitState());
  readonly #storeId: string;
  readonly #onCommitted: (() => void)[] = [];
  #notReady: string | null = 'starting';
  #stopped: Promise<void> | null = null;

  constructor(options: AppOptions) {
    const { config, log, now, version } = options;
    this.#options = options;
    this.#access = new ApiAccess(config.api, log);
    this.#ticker = new Ticker(now, () => this.#tick());
    this.#troubles = new TroubleLog(log);
    const { timeout, grace, maxAge } = config.sessions;
    this.site = new Site({ timeoutMs: timeout, graceMs: grace, maxAgeMs: maxAge });
    this.site.tracker.onKeysIgnored = (host) =>
      log.warn({ host }, 'session keys of this host do not stay the same; ignored from now on');
    this.site.clocks.onOffset = (host, offsetMs) =>
      log.warn(
        { host, offsetSeconds: Math.round(offsetMs / 1000) },
        'the clock of this host is off; its event times are corrected by that',
      );
    this.site.lostLines.onShared = (host) =>
      log.warn(
        { host },
        'row numbers of this host do not count its lines one by one; lost lines cannot be seen',
      );
    this.#unlock = lockStore(config.store.path);
    const recovered = this.#recover();
    this.#storeId = recovered.storeId;
    if (recovered.stoppedAt !== null) this.site.tracker.restarted(recovered.stoppedAt, now());

    const { path: directory, retention: retentionMs, maxSize: maxBytes, commitInterval } = config.store;
    const isFollowed = config.sinks.length > 0;
    const settings = { directory, retentionMs, maxBytes, commitIntervalMs: commitInterval, isFollowed };
    this.#journal = new Journal(settings, this.site, recovered.names, recovered.nextSeq, {
      committed: (events) => {
        this.pipeline.committed(events);
        for (const listener of this.#onCommitted) listener();
      },
      trouble: (kind, message) => {
        this.#troubles.note(kind, message, kind === 'retention is held up' ? 'warn' : 'error');
      },
      failed: (error) => {
        this.#notReady = `the journal has failed: ${error.message}`;
        log.fatal({ error: error.message }, 'the journal has failed; nothing can be accepted');
        options.onFailed(error);
      },
    });
    this.#reader = new JournalReader({ directory, appNames: config.apps });
    const sinks = config.sinks.map((sink) => ({ name: sink.name ?? sink.type, config: sink }));
    this.#deliveries = new Delivery(
      { directory, sinks, folder: config.folder, appNames: config.apps },
      {
        print: options.print,
        undelivered: (undelivered) => this.#journal.keep(undelivered),
        trouble: (sink, reason, needsOperator) => {
          if (needsOperator)
            this.#troubles.note(`sink ${sink} cannot deliver until you act`, reason, 'error');
          else this.#troubles.note(`sink ${sink} does not deliver, trying again`, reason);
        },
      },
    );
    const duplicates = new Duplicates();
    for (const [eventId, receivedAt] of recovered.eventIds) duplicates.add(eventId, receivedAt);
    this.pipeline = new Pipeline({
      site: this.site,
      store: this.#journal,
      duplicates,
      blacklist: createBlacklist(config.blacklist),
      hash: (text) => hash('sha256', text, 'base64url').slice(0, IDENTITY_CHARACTERS),
      checksum: (text) => crc32(text),
      onTrouble: (kind, sample) => this.#troubles.note(kind, sample),
      later: (callback, ms) => setTimeout(callback, ms),
    });
    this.#receivers = createReceivers(config.receivers, {
      now,
      log,
      folder: config.folder,
      trouble: (kind, sample) => this.#troubles.note(kind, sample),
    });
    this.#api = createApi(
      {
        site: this.site,
        appNames: fixedAppNames(config.apps),
        tokens: () => this.#access.tokens,
        hosts: () => this.#access.hosts,
        wrongTokens: new WrongTokens(now),
        trouble: (kind, sample) => this.#troubles.note(kind, sample),
        intake: this.pipeline,
        counters: this.pipeline.counters,
        inFlight: () => this.pipeline.inFlight,
        receivers: () => this.#receivers.map((receiver) => receiver.stats()),
        sinks: () => this.#deliveries.stats,
        ask: (question) => this.#ask(question),
        history: {
          storeId: this.#storeId,
          committedSeq: () => this.#journal.committedSeq,
          onCommitted: (listener) => this.#onCommitted.push(listener),
          follow: (question) => this.#reader.follow(question),
        },
        journalFull: () => this.#journal.behind,
        notReady: () => this.#notReady,
        journalTrouble: () => this.#journal.trouble,
        now,
        version,
        processMetrics: options.processMetrics ?? null,
      },
      log,
    );
  }

  #recover(): Recovered {
    const { config, now } = this.#options;
    try {
      return recoverFile(config.store.path, now(), this.site);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  async start(): Promise<void> {
    const { config, log, now } = this.#options;
    await this.#journal.start();
    this.#reader.start();
    this.#deliveries.start();
    this.site.started(now());
    // Users may have been excluded while we did not run.
    this.pipeline.replaceBlacklist(createBlacklist(config.blacklist), now());
    this.#tick();
    for (const receiver of this.#receivers) await receiver.start(this.pipeline);
    const api = await listenApi(this.#api, config.api);
    const addresses = this.#receivers.map((each) => [each.name, each.stats().listening] as const);
    this.listening = { ...Object.fromEntries(addresses), api };
    this.#notReady = null;
    log.info(this.listening, 'listening');
    this.#ticker.start();
  }

  #tick(): void {
    this.#ticks += 1;
    const now = this.#options.now();
    this.#noteDrops();
    this.pipeline.work();
    const crowded = this.site.book.pending.activities > MANY_ACTIVITIES;
    const later = crowded && this.#ticks % CROWDED_TICKS !== 0;
    // A sweep only where its ends are committed with it: recovery has nothing but events to replay.
    if (later || !this.#journal.takesState) this.site.noteLevels(now);
    else this.#commitTick(now);
    if (this.#ticks % MINUTE_TICKS === 0) this.#troubles.flush();
  }

  #commitTick(now: number): void {
    this.site.tick(now);
    this.#journal.checkpoint(now, this.#state());
  }

  #state(): SiteState {
    return { ...stateOf(this.site), store: this.#storeId };
  }

  #noteDrops(): void {
    let dropped = 0;
    for (const receiver of this.#receivers) dropped += receiver.stats().kernelDropped ?? 0;
    if (dropped > this.#dropped) {
      this.site.quality.dropped(dropped - this.#dropped);
      this.#troubles.note('datagrams dropped by the kernel', `${dropped} in all`);
    }
    this.#dropped = dropped;
  }

  /**
   * Reads what was accepted up to now: the state goes to the journal first. While that does not succeed the answer
   * is as of the last commit.
   */
  async #ask(question: JsonQuestion): Promise<string | null> {
    if (this.#journal.trouble === null) {
      await Promise.race([this.#reads.once(), sleep(READ_WAITS_MS, undefined, { ref: false })]);
    }
    return this.#reader.ask(question);
  }

  #commitState(): Promise<void> {
    this.pipeline.work();
    this.#journal.checkpoint(this.#options.now(), this.#state());
    return this.#journal.committed();
  }

  async reload(config: Config): Promise<void> {
    const now = this.#options.now();
    const { log, config: started } = this.#options;
    this.pipeline.replaceBlacklist(createBlacklist(config.blacklist), now);
    const keys = [...this.#access.take(config.api), ...keysForRestart(started, config)];
    // Not waited for: a name server may be silent.
    for (const receiver of this.#receivers) void receiver.lookAgain?.();
    await Promise.race([this.#commitState(), sleep(READ_WAITS_MS, undefined, { ref: false })]);
    log.info({ rules: config.blacklist.length }, 'blacklist reloaded');
    if (keys.length > 0) log.warn(`other keys changed: ${keys.join(', ')}; they need a restart`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#notReady = 'stopping';
    this.#ticker.stop();
    let isCommitted = false;
    let lost = 0;
    let why: string | null = null;
    try {
      // The API last, so that it can be asked why nothing is taken any more.
      for (const receiver of this.#receivers) await receiver.stop();
      this.#noteDrops();
      await closeApi(this.#api);
      this.pipeline.work();
      isCommitted = await this.#journal.flush(COMMITS_WITHIN_MS);
      if (isCommitted) this.#commitTick(this.#options.now());
    } finally {
      // The writer last: who closes the file last leaves everything in it.
      await this.#deliveries.stop();
      await this.#reader.stop();
      why = this.#journal.trouble;
      lost = await this.#journal.stop(isCommitted ? COMMITS_WITHIN_MS : 0);
      this.#unlock();
    }
    if (lost > 0) throw new Error(`events that had been taken and are lost: ${lost}; ${why}`);
  }
}
