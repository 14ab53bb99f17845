import type { NamesById, NamesSource } from '../contract/app-names.ts';
import { hostAndPort } from '../contract/host.ts';
import { type KeptNames, readKeptNames, writeKeptNames } from './kept-names.ts';
import type { QrsConfig } from './qrs.schema.ts';
import { fetchAppNames, MOST_APPS, QrsError } from './qrs.ts';

/** How often it is looked whether it is time to ask. */
const LOOK_MS = 5_000;
/** It is never asked more often, whatever ids senders make up. */
const LEAST_PAUSE_MS = 60_000;
/** Of the apps that are open, so many are looked at for one that has no name. */
const MOST_LOOKED_AT = 10_000;

/** Time and chance. */
export interface QrsWorld {
  readonly now: () => number;
  /** Resolves after so many milliseconds, and earlier where the signal aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborts after so many milliseconds. */
  timeout(ms: number): AbortSignal;
  /** 16 letters. */
  createKey(): string;
}

export interface QrsNamesParts {
  readonly settings: QrsConfig;
  /** Where relative paths of the settings start from. */
  readonly folder: string;
  /** The store's folder, where names are kept. */
  readonly store: string;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Logs what may come often: at once, then once a minute with a count and the latest sample. */
  readonly trouble: (kind: string, sample: string) => void;
  /** Ids of the apps that are open now. */
  readonly openApps: () => Iterable<string>;
  /** Whether anybody knows a name for it. */
  readonly isNamed: (appId: string) => boolean;
  readonly changed: (byId: NamesById) => void;
  readonly world: QrsWorld;
}

/**
 * Names as the repository service of the site tells them: asked at the start, each interval, and when an app is open that has
 * no name, at most once a minute. Names of apps that were deleted stay, since history has them. Until the first answer, and
 * while there is none, names are those that are kept on the disk.
 */
export class QrsNames {
  readonly #parts: QrsNamesParts;
  readonly #stopping = new AbortController();
  #kept: KeptNames | null = null;
  #askedAt: number | null = null;
  #error: string | null = null;
  /** Ids that QRS has no name for either, as of its last answer. */
  #stillUnknown: ReadonlySet<string> = new Set();
  #running: Promise<void> | null = null;

  constructor(parts: QrsNamesParts) {
    this.#parts = parts;
  }

  /** Takes the names that are kept, and asks from now on; that nobody answers is no reason not to start. */
  start(): void {
    const { store, log, changed } = this.#parts;
    try {
      this.#kept = readKeptNames(store);
      if (this.#kept !== null) changed(this.#kept.byId);
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the names of apps that were kept cannot be read; QRS is asked');
    }
    this.#running = this.#run();
  }

  /** Ends a question that is under way. Safe without `start`, and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get stats(): NamesSource {
    const { host, port } = this.#parts.settings;
    const iso = (at: number | undefined | null) => (at == null ? null : new Date(at).toISOString());
    return {
      server: hostAndPort(host, port),
      askedAt: iso(this.#askedAt),
      answeredAt: iso(this.#kept?.answeredAt),
      names: this.#kept?.byId.size ?? 0,
      error: this.#error,
    };
  }

  async #run(): Promise<void> {
    const { world } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#isDue(world.now())) await this.#ask(world.now());
      await world.wait(LOOK_MS, signal);
    }
  }

  #isDue(now: number): boolean {
    if (this.#askedAt === null || now < this.#askedAt) return true;
    const pauseMs = now - this.#askedAt;
    if (pauseMs < LEAST_PAUSE_MS) return false;
    return this.#error !== null || pauseMs >= this.#parts.settings.interval || this.#hasNewApp();
  }

  #hasNewApp(): boolean {
    return this.#openWithoutName().some((appId) => !this.#stillUnknown.has(appId));
  }

  #openWithoutName(): string[] {
    const { openApps, isNamed } = this.#parts;
    const appIds = Iterator.from(openApps()).take(MOST_LOOKED_AT);
    return appIds.filter((appId) => !isNamed(appId)).toArray();
  }

  async #ask(now: number): Promise<void> {
    const { settings, folder, world, log, trouble } = this.#parts;
    this.#askedAt = now;
    const signal = AbortSignal.any([world.timeout(settings.timeout), this.#stopping.signal]);
    try {
      const byId = await fetchAppNames({ settings, folder, key: world.createKey(), signal });
      const isNews = this.#error !== null || this.#kept === null;
      if (isNews) log.info({ server: this.stats.server, apps: byId.size }, 'QRS told the names of apps');
      this.#error = null;
      this.#take(byId, now);
      this.#stillUnknown = new Set(this.#openWithoutName());
      await this.#keep();
    } catch (error) {
      if (!(error instanceof QrsError)) throw error;
      if (this.#stopping.signal.aborted) return;
      this.#error = error.message;
      trouble('QRS does not tell the names of apps, those that are known stay', error.message);
    }
  }

  #take(answer: NamesById, answeredAt: number): void {
    const before = this.#kept?.byId ?? new Map<string, string>();
    const all = new Map([...before, ...answer]);
    const byId = all.size > MOST_APPS ? answer : all;
    const isSame = byId.size === before.size && [...byId].every(([id, name]) => before.get(id) === name);
    this.#kept = { answeredAt, byId };
    if (!isSame) this.#parts.changed(byId);
  }

  async #keep(): Promise<void> {
    const { store, trouble } = this.#parts;
    try {
      if (this.#kept !== null) await writeKeptNames(store, this.#kept);
    } catch (error) {
      trouble('the names of apps cannot be kept on the disk', messageOf(error));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
