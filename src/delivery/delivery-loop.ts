import {
  type DeliverySettings,
  NeedsOperatorError,
  PoisonRowError,
  type Sink,
  type Table,
} from '../contract/sink.ts';
import { BackOff, Breaker } from './breaker.ts';
import type { DeadLetter, DeliveryStore } from './delivery-store.ts';
import { batchOf, type Entry, excludedOf, type Feed, type Row, sumOf } from './feed.ts';
import { backAgain, madeAgain, reasonOf, rowsBehind } from './sink-news.ts';

/** After a fault that only a person can mend; the log says it each time. */
const OPERATOR_FIRST_MS = 2_500;
const OPERATOR_MOST_MS = 60_000;
/** Fewer rows at once after one was refused, because those before it are offered once more. */
const LEAST_ROWS = 50;
/** Dead letters offered again in one round. */
const RETRIES = 200;
/** How long an offer under way may still take when it is time to stop. */
const STOP_WITHIN_MS = 2_000;
const MOST_REASON = 500;

export interface DeliveryParts {
  readonly sink: Sink;
  readonly settings: DeliverySettings;
  readonly feeds: readonly Feed[];
  readonly store: DeliveryStore;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Resolves after `ms`, or when `signal` aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Something failed; `needsOperator` where only a person can help. */
  readonly onTrouble: (reason: string, needsOperator: boolean) => void;
  /** A row was set aside; the others are delivered. */
  readonly onSetAside: (sample: string) => void;
  /** What an operator wants to know beside troubles; `isLoss` where something is missing at the far side. */
  readonly onNews: (text: string, isLoss: boolean) => void;
}

/**
 * Brings the rows of every table that a sink wants to it, in order, one offer at a time, until each is taken or set aside. A sink that
 * is away is waited for; nothing piles up in memory, because rows are read from the journal when they are offered.
 */
export class DeliveryLoop {
  /** Of the tables that the sink wants. */
  readonly feeds: readonly Feed[];
  readonly #parts: DeliveryParts;
  readonly #backOff: BackOff;
  readonly #breaker: Breaker;
  readonly #stopping = new AbortController();
  readonly #cutting = new AbortController();
  #isStarted = false;
  /** Since when it has not taken what was offered, ms since 1970 UTC. */
  #awaySince: number | null = null;
  #wasThere = false;
  #rowsAtOnce: number;
  /** Of feeds, the numbers after which rows are to be offered again. */
  readonly #again = new Map<Feed, number>();
  /** Why the last offer failed; null where it did not. */
  trouble: string | null = null;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#rowsAtOnce = parts.settings.batchSize;
    this.#backOff = new BackOff(parts.random);
    this.#breaker = new Breaker(parts.now);
    this.feeds = parts.feeds.filter(({ table }) => parts.sink.tables.includes(table));
    for (const feed of this.feeds) this.#cursor(feed);
  }

  get sink(): Sink {
    return this.#parts.sink;
  }

  /** Delivers until `stop`. Never rejects. */
  async run(): Promise<void> {
    const { pause, settings } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (!this.#isStarted) await this.sink.start(this.#deadline());
        this.#isStarted = true;
        const behind =
          this.#awaySince === null ? 0 : rowsBehind(this.sink.name, this.feeds, this.#parts.store);
        const more = await this.#round();
        this.trouble = null;
        this.#isThere(behind);
        this.#backOff.reset();
        if (!more) await pause(settings.interval, signal);
      } catch (error) {
        if (signal.aborted) break;
        await pause(this.#failed(error), signal);
      }
    }
    await this.#end();
  }

  /** The sink may not end by itself. */
  async #end(): Promise<void> {
    const { pause, onTrouble } = this.#parts;
    const ended = new AbortController();
    try {
      const late = pause(STOP_WITHIN_MS, ended.signal).then(() => {
        if (!ended.signal.aborted) throw new Error('it did not stop');
      });
      await Promise.race([this.sink.stop(), late]);
    } catch (error) {
      onTrouble(reasonOf(error), false);
    } finally {
      ended.abort();
    }
  }

  /** What the sink tells beyond the counts. */
  details(): Readonly<Record<string, unknown>> {
    try {
      return this.sink.details?.() ?? {};
    } catch (error) {
      return { detailsError: reasonOf(error) };
    }
  }

  /** An offer under way gets a little time; what is not taken then is offered after the next start. */
  stop(): void {
    this.#stopping.abort();
    void this.#parts.pause(STOP_WITHIN_MS, new AbortController().signal).then(() => this.#cutting.abort());
  }

  /** The sink made a table, because there was none. */
  madeTable(table: Table): void {
    const feeds = this.feeds.filter((feed) => feed.table === table);
    const news = madeAgain(this.sink.name, table, feeds, this.#parts.store);
    if (news !== null) this.#parts.onNews(news, true);
  }

  /** The sink asks for rows again. Returns the first number there still is. */
  offerAgain(table: Table, after: number): number {
    const feeds = this.feeds.filter((feed) => feed.table === table);
    for (const feed of feeds) this.#again.set(feed, Math.min(after, this.#again.get(feed) ?? after));
    return Math.max(after + 1, ...feeds.map((feed) => feed.oldest()));
  }

  /** `behind`: rows it had yet to get when it was there again. */
  #isThere(behind: number): void {
    const { onNews, now } = this.#parts;
    if (this.#awaySince !== null) onNews(backAgain(Math.max(0, now() - this.#awaySince), behind), false);
    else if (!this.#wasThere) onNews('connected', false);
    this.#awaySince = null;
    this.#wasThere = true;
  }

  /** Returns how long to wait. */
  #failed(error: unknown): number {
    this.#awaySince ??= this.#parts.now();
    const needsOperator = error instanceof NeedsOperatorError;
    this.trouble = reasonOf(error);
    this.#parts.onTrouble(this.trouble, needsOperator);
    if (!needsOperator) return this.#backOff.next();
    return this.#backOff.next(OPERATOR_FIRST_MS, OPERATOR_MOST_MS);
  }

  /** One offer of each feed and of what is to be tried again. Returns whether there is more to deliver at once. */
  async #round(): Promise<boolean> {
    this.#beginResends();
    let more = false;
    let stuck: NeedsOperatorError | null = null;
    const steps = this.feeds.map((feed) => () => this.#deliver(feed));
    for (const step of [...steps, () => this.#retryDeadLetters()]) {
      if (this.#stopping.signal.aborted) return false;
      try {
        more = (await step()) || more;
      } catch (error) {
        // What is wrong with one table need not be wrong with the others.
        if (!(error instanceof NeedsOperatorError)) throw error;
        stuck ??= error;
      }
    }
    if (stuck !== null) throw stuck;
    return more;
  }

  /** Returns whether there is more to deliver of this feed. */
  async #deliver(feed: Feed): Promise<boolean> {
    const { store, settings, now } = this.#parts;
    const { done } = this.#cursor(feed);
    const limit = Math.min(this.#rowsAtOnce, settings.batchSize);
    const { entries, excluded, through } = feed.read(done, limit);
    if (through === done) return false;
    const poison = await this.#offer(feed, entries);
    if (poison === null) {
      store.delivered(this.sink.name, feed.name, through, sumOf([...excludedOf(entries), excluded]), now());
      this.#breaker.took(entries.length);
      this.#rowsAtOnce = Math.min(settings.batchSize, this.#rowsAtOnce * 2);
      return through - done >= limit;
    }
    await this.#passPoison(feed, entries, poison);
    return true;
  }

  /** Delivers what comes before the row that is refused, then sets that one aside. */
  async #passPoison(
    feed: Feed,
    entries: readonly Entry[],
    { place, message }: PoisonRowError,
  ): Promise<void> {
    const { store, now } = this.#parts;
    const refused = entries[place];
    if (refused === undefined) throw new Error(`refused row ${place} of ${entries.length}: ${message}`);
    this.#rowsAtOnce = Math.max(LEAST_ROWS, Math.ceil(this.#rowsAtOnce / 2));
    const before = entries.slice(0, place);
    const last = before.at(-1);
    if (last !== undefined) {
      const another = await this.#offer(feed, before);
      if (another !== null) return this.#passPoison(feed, before, another);
      store.delivered(this.sink.name, feed.name, last.number, sumOf(excludedOf(before)), now());
      this.#breaker.took(before.length);
    }
    if (!this.#breaker.allows()) {
      throw new NeedsOperatorError(
        `more than one row in a hundred is refused, so the fault is not in the rows: ${message}`,
      );
    }
    const { excluded } = refused;
    if (excluded !== null) store.delivered(this.sink.name, feed.name, excluded.last, excluded, now());
    const reason = message.slice(0, MOST_REASON);
    const data = JSON.stringify(refused.row);
    store.setAside(this.sink.name, feed.name, refused.number, now(), reason, data);
    this.#parts.onSetAside(`a row of ${feed.table}: ${reason}`);
  }

  /** Null where all are taken; else which row can never be. */
  async #offer(feed: Feed, entries: readonly Entry[]): Promise<PoisonRowError | null> {
    if (entries.length === 0) return null;
    try {
      await this.sink.write(batchOf(feed.table, entries), this.#deadline());
      return null;
    } catch (error) {
      if (error instanceof PoisonRowError) return error;
      this.#isStarted = false;
      throw error;
    }
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(this.#parts.settings.timeout), this.#cutting.signal]);
  }

  #cursor(feed: Feed) {
    const { store } = this.#parts;
    const [oldest, last] = [feed.oldest(), feed.last()];
    const { name } = this.sink;
    const { done } = store.cursor(name, feed.name, oldest);
    // What comes under these numbers now is not what was delivered under them.
    if (done > last) store.steppedBack(name, feed.name, last);
    else if (done < oldest - 1) store.passedByRetention(name, feed.name, oldest - 1);
    return store.cursor(name, feed.name, oldest);
  }

  #beginResends(): void {
    const { store } = this.#parts;
    for (const { id, since } of store.requestedResends(this.sink.name)) {
      for (const feed of this.feeds) store.rewind(this.sink.name, feed.name, feed.numberAt(since));
      store.resendBegun(id);
    }
    for (const [feed, after] of this.#again) {
      store.rewind(this.sink.name, feed.name, Math.max(after + 1, feed.oldest()));
    }
    this.#again.clear();
  }

  /** Returns whether there are more. */
  async #retryDeadLetters(): Promise<boolean> {
    const feeds = this.feeds.map(({ name }) => name);
    const letters = this.#parts.store.toRetry(this.sink.name, feeds, RETRIES);
    for (const letter of letters) {
      if (this.#stopping.signal.aborted) return false;
      await this.#retry(letter);
    }
    return letters.length === RETRIES;
  }

  async #retry(letter: DeadLetter): Promise<void> {
    const { store, now } = this.#parts;
    const feed = this.feeds.find(({ name }) => name === letter.feed);
    if (feed === undefined) return;
    const before = JSON.parse(letter.data ?? 'null') as Row;
    // As it is now: a session has gone on since. What is set aside is all there is left of a deleted one.
    const row = feed.latest(before) ?? before;
    if (feed.isExcluded(row)) {
      store.refusedAgain(letter.id, now(), 'the blacklist excludes its user');
      return;
    }
    const poison = await this.#offer(feed, [{ number: letter.number, row, excluded: null }]);
    if (poison === null) store.revived(letter);
    else store.refusedAgain(letter.id, now(), poison.message.slice(0, MOST_REASON));
  }
}
