import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createReceivers } from '../receivers/index.ts';
import { ApiAccess } from './api/access/access.ts';
import { applicationSettings } from './api/access/application.ts';
import { WrongTokens } from './api/access/wrong-tokens.ts';
import { API_LIMITS, createApi } from './api/api.ts';
import type { ApiParts } from './api/parts.ts';
import { SiteAppNames } from './app-names/app-names.ts';
import { Centres } from './centres/centres.ts';
import { Checkpoints, callAfter } from './checkpoints.ts';
import type { Config } from './config/config.ts';
import { fitConnections } from './config/open-files.ts';
import { createBlacklist } from './contract/blacklist.ts';
import type { Receiver } from './contract/receiver.ts';
import { Delivery } from './delivery/delivery.ts';
import { Duplicates } from './intake/duplicates.ts';
import { Pipeline } from './intake/pipeline.ts';
import { digestOf, shortIdentity } from './journal/digest.ts';
import { noteSiteName } from './journal/ids/site-names.ts';
import { Journal } from './journal/journal.ts';
import { lockStore } from './journal/journal-file.ts';
import { JournalReader } from './journal/read/reader.ts';
import type { Recovered } from './journal/recover.ts';
import { type RecoveredFile, recoverFile } from './journal/recover-file.ts';
import { reportOf } from './sessions/quality/report.ts';
import type { Site } from './sessions/site.ts';
import type { Storms } from './sessions/storms/storms.ts';
import { toldStorms } from './sessions/storms/told-storms.ts';
import { createSite } from './site-settings.ts';
import { TroubleLog } from './trouble-log.ts';

const SINK_MODULE = new URL('../sinks/index.ts', import.meta.url).href;

export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly version: string;
  /** Metrics of the process, for `/metrics`. */
  readonly processMetrics?: Registry;
  /** How many files and sockets the process may have open; null where nobody knows. */
  readonly openFilesLimit?: number | null;
  /** Writes to standard output. */
  readonly print: (text: string) => Promise<void>;
  /** Nothing can be accepted any more: stop, and let whoever watches start it again. */
  readonly onFailed: (error: Error) => void;
}

/**
 * The one place where parts meet: journal, site, pipeline, receivers, API. When it is made, the store is locked and
 * the site recovered from it; nothing has started yet.
 */
export class Assembly {
  readonly site: Site;
  readonly storms: Storms;
  readonly journal: Journal;
  readonly reader: JournalReader;
  readonly deliveries: Delivery;
  readonly pipeline: Pipeline;
  readonly receivers: readonly Receiver[];
  readonly checkpoints: Checkpoints;
  readonly access: ApiAccess;
  readonly appNames: SiteAppNames;
  /** Null where it shares no stream with others. */
  readonly centres: Centres | null;
  readonly api: ReturnType<typeof createApi>;
  /** Of the store as it was read at the start. */
  readonly letGo: () => void;
  /** Lets another Headcount have the store. */
  readonly unlock: () => void;
  /** What the API says to whoever asks whether it is ready: why not, null where it is. */
  notReady: string | null = 'starting';
  readonly #options: AppOptions;
  readonly #troubles: TroubleLog;
  readonly #onCommitted: (() => void)[] = [];

  /** @throws JournalError, StoreInUseError */
  constructor(options: AppOptions) {
    const { config, log, now, openFilesLimit = null } = options;
    const { receivers, api, shortage } = fitConnections(config, openFilesLimit);
    if (shortage !== null) log.warn(shortage);
    this.#options = options;
    this.#troubles = new TroubleLog(log);
    this.access = new ApiAccess(config.api, log);
    this.site = createSite(config, this.access, log);
    this.site.room.onMadeRoom = (forgotten, newcomer) =>
      this.#troubles.note(
        'too many hosts: those of which the fewest lines came make room',
        `${forgotten} for ${newcomer}`,
      );
    this.storms = toldStorms(config.sessions.storm, (kind, sample) => this.#troubles.note(kind, sample));
    // Before it is recovered: whom the rules of now exclude is hidden from the first moment on.
    this.site.exclude(createBlacklist(config.blacklist).excludes, now());
    this.unlock = lockStore(config.store.path);
    const recovered = this.#recover();
    this.letGo = recovered.letGo;
    this.journal = this.#createJournal(recovered);
    this.reader = new JournalReader(
      {
        directory: config.store.path,
        appNames: config.apps.byId,
        blacklist: config.blacklist,
        serviceUsers: config.sessions.serviceUsers,
      },
      ({ message }) => this.#troubles.note('the reader has died, a new one was started', message, 'error'),
    );
    this.deliveries = this.#createDeliveries();
    this.appNames = this.#createAppNames();
    this.pipeline = this.#createPipeline(recovered);
    this.receivers = createReceivers(receivers, {
      storeId: recovered.storeId,
      now,
      log,
      folder: config.folder,
      trouble: (kind, sample) => this.#troubles.note(kind, sample),
      isFull: () => this.journal.isBehind() || this.journal.trouble !== null,
      applicationOf: (host) => applicationSettings(this.access.applicationOf(host)),
    });
    this.checkpoints = new Checkpoints({
      site: this.site,
      storms: this.storms,
      journal: this.journal,
      pipeline: this.pipeline,
      storeId: recovered.storeId,
      receivers: () => this.receivers.map((receiver) => receiver.stats()),
      troubles: this.#troubles,
      now,
      after: callAfter,
    });
    this.centres = this.#joinCentres(recovered.storeId);
    const { maxConnections, maxConnectionsPerAddress } = api;
    const limits = { ...API_LIMITS, maxConnections, maxConnectionsPerAddress };
    this.api = createApi(this.#apiParts(recovered.storeId), log, limits);
  }

  #joinCentres(name: string): Centres | null {
    const { log } = this.#options;
    const way = this.receivers.find(({ centreWay }) => centreWay != null)?.centreWay ?? null;
    if (way === null) return null;
    const centres = new Centres({
      ...{ name, partitions: way.partitions },
      clock: () => performance.now(),
      repeat: setInterval,
      trouble: (kind, sample) => this.#troubles.note(kind, sample),
      said: (text) => log.info(text),
    });
    way.join(centres);
    return centres;
  }

  #recover(): RecoveredFile {
    const { config, log, now } = this.#options;
    try {
      const recovered = recoverFile(config.store.path, now(), this.site, { say: (line) => log.info(line) });
      if (recovered.stoppedAt !== null) this.site.tracker.restarted(recovered.stoppedAt, now());
      const next = { session: this.site.book.nextNumbers.session, event: recovered.nextSeq };
      noteSiteName(config.store.path, { site: config.site, ...next }, (line) => log.warn(line));
      return recovered;
    } catch (error) {
      this.unlock();
      throw error;
    }
  }

  #createJournal({ names, nextSeq }: Recovered): Journal {
    const { config, log, onFailed } = this.#options;
    const { path: directory, retention: retentionMs, maxSize: maxBytes, commitInterval } = config.store;
    const isFollowed = config.sinks.length > 0;
    const settings = { directory, retentionMs, maxBytes, commitIntervalMs: commitInterval, isFollowed };
    return new Journal(settings, this.site, names, nextSeq, {
      committed: (events) => {
        this.pipeline.committed(events);
        for (const listener of this.#onCommitted) listener();
      },
      trouble: (kind, message) => {
        this.#troubles.note(kind, message, kind === 'retention is held up' ? 'warn' : 'error');
      },
      failed: (error) => {
        this.notReady = `the journal has failed: ${error.message}`;
        log.fatal({ error: error.message }, 'the journal has failed; nothing can be accepted');
        onFailed(error);
      },
    });
  }

  #createDeliveries(): Delivery {
    const { config, log, print, now } = this.#options;
    const sinks = config.sinks.map((sink) => ({ name: sink.name ?? sink.type, config: sink }));
    return new Delivery(
      {
        directory: config.store.path,
        sinks,
        sinkModule: SINK_MODULE,
        folder: config.folder,
        site: config.site,
        appNames: config.apps.byId,
        blacklist: config.blacklist,
      },
      {
        print,
        undelivered: (undelivered) => this.journal.keep(undelivered),
        report: () => reportOf(this.site, this.journal.nextSeq - 1, now()),
        trouble: (sink, reason, needsOperator) => {
          if (needsOperator)
            this.#troubles.note(`sink ${sink} cannot deliver until you act`, reason, 'error');
          else this.#troubles.note(`sink ${sink} does not deliver, trying again`, reason);
        },
        setAside: (sink, sample) => this.#troubles.note(`sink ${sink} set rows aside`, sample),
        news: (sink, text, isLoss) => log[isLoss ? 'warn' : 'info'](`sink ${sink}: ${text}`),
      },
    );
  }

  #createAppNames(): SiteAppNames {
    const { apps, folder, store } = this.#options.config;
    const qrs = apps.qrs && {
      settings: apps.qrs,
      folder,
      store: store.path,
      log: this.#options.log,
      trouble: (kind: string, sample: string) => this.#troubles.note(kind, sample),
      openApps: () => this.site.counts.apps.keys(),
      now: this.#options.now,
    };
    return new SiteAppNames(apps.byId, qrs, (byId) => {
      this.reader.takeAppNames(byId);
      this.deliveries.takeAppNames(byId);
    });
  }

  #createPipeline({ eventIds, positions }: Recovered): Pipeline {
    const duplicates = new Duplicates(undefined, (eventId) => shortIdentity(eventId));
    for (const [eventId, receivedAt] of eventIds) duplicates.add(eventId, receivedAt);
    return new Pipeline({
      site: this.site,
      storms: this.storms,
      store: this.journal,
      duplicates,
      positions,
      blacklist: createBlacklist(this.#options.config.blacklist),
      hash: digestOf,
      checksum: (text) => crc32(text),
      onTrouble: (kind, sample) => this.#troubles.note(kind, sample),
      commitState: () => this.checkpoints.commitState(),
      now: this.#options.now,
      later: (callback, ms) => setTimeout(callback, ms),
    });
  }

  #apiParts(storeId: string): ApiParts {
    const { now, version, processMetrics = null } = this.#options;
    return {
      // Who may ask.
      tokens: () => this.access.tokens,
      hosts: () => this.access.hosts,
      wrongTokens: new WrongTokens(now),
      trouble: (kind, sample) => this.#troubles.note(kind, sample),
      // What is known at the moment.
      site: this.site,
      storms: this.storms,
      appNames: this.appNames,
      namesSource: () => this.appNames.source,
      counters: this.pipeline.counters,
      rulesSeen: () => this.pipeline.rulesSeen,
      inFlight: () => this.pipeline.inFlight,
      receivers: this.receivers,
      sinks: () => this.deliveries.stats,
      centres: this.centres,
      // What is on the disk.
      ask: async (question, asker) => {
        await this.checkpoints.beforeRead();
        return this.reader.ask(question, asker);
      },
      history: {
        storeId,
        committedSeq: () => this.journal.committedSeq,
        onCommitted: (listener) => this.#onCommitted.push(listener),
        follow: (question) => this.reader.follow(question),
        ask: (question, asker) => this.reader.ask(question, asker),
        stateAt: () => this.journal.stateAt,
      },
      // How the program is.
      journalTrouble: () => this.journal.trouble,
      notReady: () => this.notReady,
      now,
      version,
      processMetrics,
    };
  }
}
