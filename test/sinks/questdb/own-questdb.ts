import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import type { Sink, SinkParts } from '../../../src/contract/sink.ts';
import { NEVER } from '../rows-under-test.ts';
import { QuestDbProxy } from './proxy.ts';
import { QuestDbServer } from './server.ts';
import { questDbSink } from './under-test.ts';

export const canStartQuestDb = (inject('questdb')?.jar ?? null) !== null;

type Settings = Readonly<Record<string, unknown>>;

/** A QuestDB for the tests of one file, empty before each. */
export class OwnQuestDb {
  readonly credentials = { user: 'headcount', password: 'password-to-hide' };
  readonly used: (() => Promise<void>)[] = [];
  #server: QuestDbServer | null = null;

  constructor() {
    beforeAll(async () => {
      // Only in dev mode can a table be suspended at will.
      const env = { QDB_DEV_MODE_ENABLED: 'true' };
      const { credentials } = this;
      this.#server = await QuestDbServer.start(inject('questdb')?.jar ?? '', { credentials, env });
    });
    beforeEach(() => this.#empty());
    afterEach(async () => {
      for (const end of this.used.splice(0).reverse()) await end();
    });
    afterAll(() => this.#server?.dispose());
  }

  get server(): QuestDbServer {
    if (this.#server === null) throw new Error('QuestDB has not started');
    return this.#server;
  }

  query(sql: string): Promise<Record<string, unknown>[]> {
    return this.server.query(sql);
  }

  async count(table: string): Promise<unknown> {
    return (await this.server.settled(table, `SELECT count() AS n FROM ${table}`))[0]?.['n'];
  }

  newSink(settings: Settings = {}, storeId?: string, parts: Partial<SinkParts> = {}): Sink {
    const sink = questDbSink({ url: this.server.url, ...this.credentials, ...settings }, storeId, parts);
    this.used.push(() => sink.stop());
    return sink;
  }

  async startedSink(settings?: Settings, storeId?: string, parts?: Partial<SinkParts>): Promise<Sink> {
    const sink = this.newSink(settings, storeId, parts);
    await sink.start(NEVER);
    return sink;
  }

  async proxy(): Promise<QuestDbProxy> {
    const proxy = await QuestDbProxy.listen(this.server.url);
    this.used.push(() => proxy.close());
    return proxy;
  }

  async #empty(): Promise<void> {
    for (const { view_name } of await this.query('SELECT view_name FROM views()')) {
      await this.query(`DROP VIEW "${view_name}"`);
    }
    for (const { table_name } of await this.query('SELECT table_name FROM tables()')) {
      await this.query(`DROP TABLE IF EXISTS "${table_name}"`);
    }
  }
}

export async function errorOf(work: Promise<void>): Promise<Error> {
  return work.then(
    () => new Error('none'),
    (error: Error) => error,
  );
}
