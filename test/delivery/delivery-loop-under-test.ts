import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { User } from '../../src/contract/event.ts';
import { type Batch, type DeliverySettings, type Sink, TABLES, type Table } from '../../src/contract/sink.ts';
import { sinkStats, undeliveredBy } from '../../src/delivery/books.ts';
import { DeliveryLoop } from '../../src/delivery/delivery-loop.ts';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { FEED_NAMES, type Feed, type Row } from '../../src/delivery/feed.ts';
import { createFeeds } from '../../src/delivery/feeds.ts';
import { RowReader } from '../../src/delivery/row-reader.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import type { Undelivered } from '../../src/journal/write/retention.ts';
import type { StoredSite } from '../journal/stored-site.ts';

/** A database that keeps one row of each key, in memory; `onWrite` decides what becomes of a batch. */
export class TableSink implements Sink {
  readonly name: string;
  readonly tables: readonly Table[];
  readonly kept = {
    session_events: new Map<string, Row>(),
    sessions: new Map<string, Row>(),
    session_counts: new Map<string, Row>(),
    session_snapshots: new Map<string, Row>(),
    snapshot_sessions: new Map<string, Row>(),
    event_lines: new Map<string, Row>(),
    unfiltered_snapshots: new Map<string, Row>(),
    accepted_events: new Map<string, Row>(),
  };
  /** Event numbers in the order they were taken. */
  readonly taken: number[] = [];
  starts = 0;
  writes = 0;
  underway = 0;
  mostUnderway = 0;
  isStopped = false;
  onStart: () => Promise<void> = async () => {};
  onWrite: (batch: Batch, take: () => void, signal: AbortSignal) => Promise<void> = async (_batch, take) =>
    take();

  constructor(name = 'table', tables = TABLES as readonly Table[]) {
    this.name = name;
    this.tables = tables;
  }

  async start(): Promise<void> {
    this.starts += 1;
    await this.onStart();
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    this.writes += 1;
    this.underway += 1;
    this.mostUnderway = Math.max(this.mostUnderway, this.underway);
    try {
      await this.onWrite(batch, () => this.#take(batch), signal);
    } finally {
      this.underway -= 1;
    }
  }

  #take(batch: Batch): void {
    for (const row of batch.rows) {
      this.kept[batch.table].set(keyOf(row), row);
      if ('seq' in row) this.taken.push(row.seq);
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }
}

function keyOf(row: Row): string {
  if ('eventId' in row) return row.eventId;
  if ('firstSeenAt' in row) return row.id;
  if ('virtualProxy' in row) {
    const { at, host, virtualProxy } = row;
    return [at, host, virtualProxy, ...('sessionId' in row ? [row.sessionId] : [])].join(' ');
  }
  return `${row.at} ${row.scope} ${row.name}`;
}

/** The delivery of one stored site's rows to one sink, on a clock of its own. */
export class DeliveryUnderTest {
  readonly feeds: readonly Feed[];
  readonly troubles: string[] = [];
  readonly setAside: string[] = [];
  readonly news: string[] = [];
  readonly pauses: number[] = [];
  store: DeliveryStore;
  delivery!: DeliveryLoop;
  now = 0;
  isExcluded: (user: User | null) => boolean = () => false;
  readonly #site: StoredSite;
  readonly #sink: Sink;
  readonly #settings: DeliverySettings;

  constructor(site: StoredSite, sink: Sink, settings: Partial<DeliverySettings> = {}, storeId = 'store') {
    this.#site = site;
    this.#sink = sink;
    this.#settings = { batchSize: 100, interval: 250, timeout: 30_000, undelivered: 'keep', ...settings };
    const reader = new RowReader(site.database, storeId, fixedAppNames(new Map()), new UserAgents());
    this.feeds = createFeeds(site.database, reader, (user) => this.isExcluded(user));
    this.store = DeliveryStore.of(site.directory, storeId);
    this.restart();
  }

  /** A new delivery on the same store, as after a crash. */
  restart(): void {
    this.delivery = new DeliveryLoop({
      sink: this.#sink,
      settings: this.#settings,
      feeds: this.feeds,
      store: this.store,
      now: () => this.now,
      random: () => 0.5,
      pause: async (ms) => {
        this.pauses.push(ms);
        this.now += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
      onTrouble: (reason) => this.troubles.push(reason),
      onSetAside: (sample) => this.setAside.push(sample),
      onNews: (text) => this.news.push(text),
    });
  }

  stats() {
    return sinkStats(this.delivery, 'table', this.store, this.now);
  }

  undelivered(): Undelivered {
    return undeliveredBy([this.delivery], this.store);
  }

  /** Runs until nothing is pending or to be tried again, or `until` says so. */
  async deliver(until: () => boolean = () => this.#isDone()): Promise<void> {
    const running = this.delivery.run();
    while (!until()) await new Promise((resolve) => setImmediate(resolve));
    this.delivery.stop();
    await running;
    this.restart();
  }

  #isDone(): boolean {
    const name = this.#sink.name;
    return (
      this.stats().pending === 0 &&
      this.store.toRetry(name, FEED_NAMES, 1).length === 0 &&
      this.store.requestedResends(name).length === 0
    );
  }

  /** Throws where rows were lost from the books. */
  checkIdentity(): void {
    for (const { table, rows, delivered, pending, deadLettered, dropped } of this.stats().tables) {
      const sum = delivered + pending + deadLettered + Object.values(dropped).reduce((a, b) => a + b, 0);
      if (rows !== sum) throw new Error(`${table}: ${rows} rows, but ${sum} accounted for`);
    }
    void this.#site;
  }

  dispose(): void {
    this.store.close();
  }
}
