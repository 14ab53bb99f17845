import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Batch,
  defineSink,
  type FilteredBatch,
  type FilteredTable,
  NeedsOperatorError,
  PoisonRowError,
  type Sink,
  type SinkParts,
  TABLES,
} from '../../src/contract/sink.ts';
import { QuestDbHttp } from './http.ts';
import { KnownEnds } from './known-ends.ts';
import { requireOnlyWriter } from './only-writer.ts';
import { type QuestDbConfig, questDbSchema } from './questdb.schema.ts';
import { LineWriter } from './rows.ts';
import { examineTables, QuestDbTables } from './tables.ts';

/** About 5,000 rows. One request is one transaction; larger ones hold up the thread. */
const MOST_BYTES = 4 * 1024 * 1024;
const LEAST_BYTES = 64 * 1024;
/** How often it is looked whether somebody else writes under the same name. */
const LOOK_FOR_OTHERS_MS = 60_000;

/** Rows as tables of a QuestDB, over its HTTP port. */
export function createQuestDbSink(config: QuestDbConfig, parts: SinkParts): Sink {
  return new QuestDb(config, parts);
}

export const questDbSink = defineSink({
  schema: questDbSchema,
  create: createQuestDbSink,
  async examineFiles(config, folder) {
    try {
      const ca = await readCa(config, folder);
      // One that is none would be left out without a word.
      if (ca !== null) new X509Certificate(ca);
      return [];
    } catch (error) {
      const text = error instanceof NeedsOperatorError ? error.message : 'has no certificate in PEM';
      return [{ path: ['tls', 'ca'], text, isProblem: true }];
    }
  },
  async examine(config, folder, signal) {
    const http = new QuestDbHttp(config, await readCa(config, folder));
    try {
      return await examineTables(http, signal);
    } finally {
      await http.close();
    }
  },
});

class QuestDb implements Sink {
  readonly name: string;
  readonly tables = TABLES;
  readonly #config: QuestDbConfig;
  readonly #parts: SinkParts;
  readonly #lines: LineWriter;
  readonly #knownEnds: KnownEnds;
  #lookedForOthersAt = 0;
  #server: { readonly http: QuestDbHttp; readonly tables: QuestDbTables } | null = null;
  /** Becomes less where a proxy on the way takes no larger requests. */
  #mostBytes = MOST_BYTES;

  constructor(config: QuestDbConfig, parts: SinkParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#lines = new LineWriter(parts);
    this.#knownEnds = new KnownEnds(parts);
  }

  /** Looks at every table anew, over new connections: during an outage one may have been dropped, and a proxy replaced. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#server?.http.close();
    const http = new QuestDbHttp(this.#config, await readCa(this.#config, this.#parts.folder));
    const tables = new QuestDbTables(http, this.#config.retention ?? null, this.#parts, this.#server?.tables);
    this.#server = { http, tables };
    for (const table of TABLES) await tables.prepare(table, signal);
    await this.#requireOnlyWriter(http, true, signal);
  }

  async #requireOnlyWriter(http: QuestDbHttp, isAll: boolean, signal: AbortSignal): Promise<void> {
    await requireOnlyWriter(http, this.#parts, isAll, signal);
    this.#lookedForOthersAt = this.#parts.now();
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    if (this.#server === null) throw new Error('not started');
    if (!isFiltered(batch)) throw new Error('a table that it does not want');
    const { http, tables } = this.#server;
    const before = await tables.prepare(batch.table, signal);
    await this.#lookForOthers(batch.table, signal);
    tables.requireRunning(batch.table);
    const news = await this.#newsOf(http, batch, signal);
    let requests = 0;
    try {
      requests = await this.#send(http, news, 0, news.rows.length, signal);
    } catch (error) {
      if (!(error instanceof PoisonRowError)) throw error;
      // A row is to blame only where the table is still the right one.
      await tables.confirm(batch.table, before, 0, signal);
      const place = (batch.rows as readonly unknown[]).indexOf(news.rows[error.place]);
      throw new PoisonRowError(place, error.message);
    }
    await tables.confirm(batch.table, before, requests, signal);
  }

  /** Whoever writes here says so in `session_counts`, which may have been dropped, too. */
  async #lookForOthers(table: FilteredTable, signal: AbortSignal): Promise<void> {
    if (this.#server === null || !(table === 'session_events' || table === 'sessions')) return;
    const isDue = Math.abs(this.#parts.now() - this.#lookedForOthersAt) >= LOOK_FOR_OTHERS_MS;
    if (!(table === 'sessions' ? this.#knownEnds.isDue : isDue)) return;
    await this.#server.tables.prepare('session_counts', signal);
    if (table === 'session_events') await this.#requireOnlyWriter(this.#server.http, false, signal);
  }

  /** Without what another Headcount of the site knows better. */
  async #newsOf(http: QuestDbHttp, batch: FilteredBatch, signal: AbortSignal): Promise<FilteredBatch> {
    if (batch.table !== 'sessions') return batch;
    return { ...batch, rows: await this.#knownEnds.worthWriting(http, batch.rows, signal) };
  }

  /**
   * Rows from `start` until before `end`, in as many requests as it takes. Returns how many were taken; also when it throws
   * some may have been.
   */
  async #send(
    http: QuestDbHttp,
    batch: FilteredBatch,
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<number> {
    let taken = 0;
    let place = start;
    while (place < end) {
      const lines = this.#lines.write(batch, place, end, this.#mostBytes);
      const refusal = await http.write(lines.bytes, signal);
      if (refusal === null) taken += 1;
      else {
        const count = lines.end - place;
        const { line, reason, isTooLarge } = refusal;
        if (line !== null && line >= 1 && line <= count) throw new PoisonRowError(place + line - 1, reason);
        if (count === 1) throw new PoisonRowError(place, reason);
        if (isTooLarge) this.#mostBytes = Math.max(LEAST_BYTES, Math.ceil(lines.bytes.length / 2));
        // Two halves, and so on, until a row is found that is refused alone.
        const middle = place + Math.ceil(count / 2);
        taken += await this.#send(http, batch, place, middle, signal);
        taken += await this.#send(http, batch, middle, lines.end, signal);
      }
      place = lines.end;
    }
    return taken;
  }

  /** Requests under way fail. */
  async stop(): Promise<void> {
    await this.#server?.http.close();
  }

  details(): Readonly<Record<string, unknown>> {
    const { others } = this.#knownEnds;
    return { url: this.#config.url, othersOfSite: others, ...this.#server?.tables.details() };
  }
}

function isFiltered(batch: Batch): batch is FilteredBatch {
  return TABLES.some((table) => table === batch.table);
}

async function readCa({ tls: { ca } }: QuestDbConfig, folder: string): Promise<string | null> {
  if (ca === undefined) return null;
  return readFile(resolve(folder, ca), 'utf8').catch((error: Error) => {
    throw new NeedsOperatorError(`cannot read tls.ca: ${error.message}`);
  });
}
