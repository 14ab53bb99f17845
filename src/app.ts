import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createReceiver } from '../receivers/index.ts';
import { createApi } from './api/api.ts';
import type { Config } from './config.ts';
import { fixedAppNames } from './core/app-names.ts';
import { createBlacklist } from './core/blacklist.ts';
import { Duplicates } from './core/duplicates.ts';
import { hostAndPort } from './core/host.ts';
import { Pipeline } from './core/pipeline.ts';
import type { Receiver } from './core/receiver.ts';
import { Site } from './core/site.ts';
import { Deliveries } from './deliveries.ts';
import { Journal } from './journal/journal.ts';
import { JournalReader } from './journal/reader.ts';
import type { Question } from './journal/reader-thread.ts';
import { type Recovered, recover } from './journal/recover.ts';
import { openJournalFile } from './journal/schema.ts';
import { stateOf } from './journal/state.ts';
import { SharedRun } from './shared-run.ts';
import { lockStore } from './store-lock.ts';
import { TroubleLog } from './trouble-log.ts';

const TICK_MS = 1_000;
const MINUTE_TICKS = 60;
/**
 * Each of very many active sessions has its place in the journal's table to itself: writing them down every
 * fifth second costs a fraction of every second. Until then the events speak for them.
 */
const MANY_ACTIVITIES = 5_000;
const CROWDED_TICKS = 5;
const API_CLOSE_MS = 1_000;
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
  /** Takes the new blacklist; everything else needs a restart. */
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
  readonly #deliveries: Deliveries;
  readonly #receivers: Receiver[];
  readonly #api: ReturnType<typeof createApi>;
  readonly #troubles: TroubleLog;
  #ticker: NodeJS.Timeout | null = null;
  #ticks = 0;
  #dropped = 0;
  readonly #reads = new SharedRun(() => this.#commitState());
  #notReady: string | null = 'starting';
  #stopped: Promise<void> | null = null;

  constructor(options: AppOptions) {
    const { config, log, now, version } = options;
    this.#options = options;
    this.#troubles = new TroubleLog(log);
    const { timeout, grace, maxAge } = config.sessions;
    this.site = new Site({ timeoutMs: timeout, graceMs: grace, maxAgeMs: maxAge });
    this.site.tracker.onKeysIgnored = (host) =>
      log.warn({ host }, 'session keys of this host do not stay the same; ignored from now on');
    this.#unlock = lockStore(config.store.path);
    const recovered = this.#recover();
    if (recovered.stoppedAt !== null) this.site.tracker.restarted(recovered.stoppedAt, now());

    const { path: directory, retention: retentionMs, maxSize: maxBytes, commitInterval } = config.store;
    const isFollowed = config.sinks.length > 0;
    const settings = { directory, retentionMs, maxBytes, commitIntervalMs: commitInterval, isFollowed };
    this.#journal = new Journal(settings, this.site, recovered.names, recovered.nextSeq, {
      committed: (events) => this.pipeline.committed(events),
      trouble: (kind, message) => this.#troubles.note(kind, message),
      failed: (error) => {
        this.#notReady = `the journal has failed: ${error.message}`;
        log.fatal({ error: error.message }, 'the journal has failed; nothing can be accepted');
        options.onFailed(error);
      },
    });
    this.#reader = new JournalReader({ directory, appNames: config.apps });
    const sinks = named(config.sinks).map(([name, sink]) => ({ name, config: sink }));
    this.#deliveries = new Deliveries(
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
    this.#receivers = createReceivers(config, { now, log });
    this.#api = createApi(
      {
        site: this.site,
        appNames: fixedAppNames(config.apps),
        tokens: config.api.tokens,
        intake: this.pipeline,
        counters: this.pipeline.counters,
        inFlight: () => this.pipeline.inFlight,
        receivers: () => this.#receivers.map((receiver) => receiver.stats()),
        sinks: () => this.#deliveries.stats,
        ask: (question) => this.#ask(question),
        journalFull: () => this.#journal.full,
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
      const database = openJournalFile(config.store.path, now());
      try {
        return recover(database, this.site);
      } finally {
        database.close();
      }
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
    await this.#listenApi();
    const { address, port } = this.#api.server.address() as AddressInfo;
    const addresses = this.#receivers.map((each) => [each.name, each.stats().listening] as const);
    this.listening = { ...Object.fromEntries(addresses), api: `http://${hostAndPort(address, port)}` };
    this.#notReady = null;
    log.info(this.listening, 'listening');
    this.#scheduleTick();
  }

  async #listenApi(): Promise<void> {
    const { host, port } = this.#options.config.api;
    try {
      await this.#api.listen({ host, port });
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      const why = taken ? 'address already in use (is another Headcount or Butler running?)' : String(error);
      throw new Error(`api ${hostAndPort(host, port)}: ${why}`);
    }
  }

  /** Shortly after each full second, so that a step is closed when it is over. */
  #scheduleTick(): void {
    const wait = TICK_MS - (this.#options.now() % TICK_MS) + 5;
    this.#ticker = setTimeout(() => {
      this.#tick();
      this.#scheduleTick();
    }, wait);
  }

  #tick(): void {
    this.#ticks += 1;
    const now = this.#options.now();
    this.#noteDrops(now);
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
    this.#journal.checkpoint(now, stateOf(this.site));
  }

  #noteDrops(now: number): void {
    let dropped = 0;
    for (const receiver of this.#receivers) dropped += receiver.stats().kernelDropped ?? 0;
    if (dropped > this.#dropped) {
      this.site.quality.dropped(now);
      this.#troubles.note('datagrams dropped by the kernel', `${dropped} in all`);
    }
    this.#dropped = dropped;
  }

  /** Reads what was accepted up to now: the state goes to the journal first. */
  async #ask(question: Question): Promise<string | null> {
    await this.#reads.once();
    return this.#reader.ask(question);
  }

  #commitState(): Promise<void> {
    this.pipeline.work();
    this.#journal.checkpoint(this.#options.now(), stateOf(this.site));
    return this.#journal.committed();
  }

  async reload(config: Config): Promise<void> {
    const now = this.#options.now();
    this.pipeline.replaceBlacklist(createBlacklist(config.blacklist), now);
    await this.#commitState();
    this.#options.log.info({ rules: config.blacklist.length }, 'blacklist reloaded');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#notReady = 'stopping';
    if (this.#ticker !== null) clearTimeout(this.#ticker);
    try {
      // The API last, so that it can be asked why nothing is taken any more.
      for (const receiver of this.#receivers) await receiver.stop();
      await this.#closeApi();
      this.pipeline.work();
      await this.#journal.flush();
      this.#commitTick(this.#options.now());
    } finally {
      // The writer last: who closes the file last leaves everything in it.
      await this.#deliveries.stop();
      await this.#reader.stop();
      await this.#journal.stop();
      this.#unlock();
    }
  }

  /** Requests under way get their answer; one that is never finished must not hold up the rest. */
  async #closeApi(): Promise<void> {
    const late = setTimeout(() => this.#api.server.closeAllConnections(), API_CLOSE_MS);
    await this.#api.close();
    clearTimeout(late);
  }
}

function createReceivers(config: Config, parts: { now: () => number; log: Logger }): Receiver[] {
  return named(config.receivers).map(([name, settings]) => createReceiver(settings, { ...parts, name }));
}

/** Each with its name: the one it was given, else its type, with a number where that is taken. */
function named<T extends { readonly type: string; readonly name?: string | undefined }>(
  entries: readonly T[],
): [name: string, entry: T][] {
  const names = new Set<string>();
  return entries.map((entry) => {
    let name = entry.name ?? entry.type;
    for (let n = 2; names.has(name); n += 1) name = `${entry.type}-${n}`;
    names.add(name);
    return [name, entry];
  });
}
