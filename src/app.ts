import { isDeepStrictEqual } from 'node:util';
import { closeApi, listenApi } from './api/api.ts';
import { type AppOptions, Assembly } from './assembly.ts';
import { LAST_COMMIT_WAITS_MS } from './checkpoints.ts';
import { type Config, keysForRestart } from './config/config.ts';
import { type BlacklistRule, createBlacklist } from './contract/blacklist.ts';
import type { Receiver } from './contract/receiver.ts';
import type { Pipeline } from './intake/pipeline.ts';
import type { Site } from './sessions/site.ts';

/** Headcount, running. */
export interface App {
  /** Addresses as bound, by receiver name; `api` is a URL. */
  readonly listening: { readonly api: string; readonly [receiver: string]: readonly string[] | string };
  readonly site: Site;
  readonly pipeline: Pipeline;
  /**
   * Takes the new blacklist, names of apps, and tokens and names of the API, and looks for new addresses of names and files of TLS; says
   * which other keys have changed, for they need a restart.
   */
  reload(config: Config): Promise<void>;
  /** Stops receiving, commits what was accepted, closes everything. */
  stop(): Promise<void>;
}

/** @throws JournalError, StoreInUseError, or what a receiver says of an address it cannot have */
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
  listening: App['listening'] = { api: '' };
  readonly #options: AppOptions;
  readonly #parts: Assembly;
  /** The rules of now. */
  #blacklist: readonly BlacklistRule[];
  #stopped: Promise<void> | null = null;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#parts = new Assembly(options);
    this.#blacklist = options.config.blacklist;
  }

  get site(): Site {
    return this.#parts.site;
  }

  get pipeline(): Pipeline {
    return this.#parts.pipeline;
  }

  async start(): Promise<void> {
    const { journal, reader, deliveries, appNames, site, pipeline, checkpoints, receivers, centres, letGo } =
      this.#parts;
    const { config, log, now } = this.#options;
    await journal.start();
    letGo();
    // Before the threads that begin with the names that are kept.
    appNames.start();
    reader.start();
    deliveries.start();
    site.started(now());
    checkpoints.start();
    centres?.start();
    for (const receiver of receivers) await receiver.start(pipeline);
    const api = await listenApi(this.#parts.api, config.api);
    this.listening = { ...addressesOf(receivers), api };
    this.#parts.notReady = null;
    log.info(this.listening, 'listening');
  }

  async reload(config: Config): Promise<void> {
    const { access, appNames, receivers, checkpoints } = this.#parts;
    const { log, config: started } = this.#options;
    const areRulesNew = !isDeepStrictEqual(config.blacklist, this.#blacklist);
    if (areRulesNew) this.#replaceBlacklist(config.blacklist);
    const keys = [...access.take(config.api), ...keysForRestart(started, config)];
    // Not waited for: a name server may be silent.
    for (const receiver of receivers) void receiver.lookAgain?.();
    const areNamesNew = appNames.takeConfigured(config.apps.byId);
    await checkpoints.afterReload();
    if (areNamesNew) log.info({ apps: config.apps.byId.size }, 'app names of the configuration changed');
    if (areRulesNew) log.info({ rules: config.blacklist.length }, 'blacklist reloaded');
    log.info({ rules: config.blacklist.length }, 'configuration read again');
    if (keys.length > 0) log.warn(`other keys changed: ${keys.join(', ')}; they need a restart`);
  }

  #replaceBlacklist(rules: readonly BlacklistRule[]): void {
    const { pipeline, reader, deliveries } = this.#parts;
    this.#blacklist = rules;
    pipeline.replaceBlacklist(createBlacklist(rules), this.#options.now());
    reader.replaceBlacklist(rules);
    deliveries.replaceBlacklist(rules);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { journal, reader, deliveries, appNames, checkpoints, receivers, api, centres, letGo, unlock } =
      this.#parts;
    this.#parts.notReady = 'stopping';
    checkpoints.stop();
    let isCommitted = false;
    let lost = 0;
    let why: string | null = null;
    try {
      // While there is a way to others.
      await centres?.leave();
      // The API after those that have an address of their own, so that it can be asked why nothing is taken any more.
      for (const receiver of receivers.filter(hasAddress)) await receiver.stop();
      await closeApi(api);
      // Those that it serves still took the requests under way.
      for (const receiver of receivers) await receiver.stop();
      isCommitted = await checkpoints.last();
    } finally {
      // The writer last: who closes the file last leaves everything in it.
      await appNames.stop();
      await deliveries.stop();
      await reader.stop();
      why = journal.trouble;
      lost = await journal.stop(isCommitted ? LAST_COMMIT_WAITS_MS : 0);
      letGo();
      unlock();
    }
    if (lost > 0) throw new Error(`events that had been taken and are lost: ${lost}; ${why}`);
  }
}

/** False for one that the API serves on its own address. */
function hasAddress({ routes }: Receiver): boolean {
  return routes === undefined;
}

/** Of those that have one of their own. */
function addressesOf(receivers: readonly Receiver[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    receivers.filter(hasAddress).flatMap((each) => {
      const { listening } = each.stats();
      return listening === undefined ? [] : [[each.name, listening]];
    }),
  );
}
