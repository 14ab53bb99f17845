import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * `inject('questdb')`; null where no QuestDB can be had, then tests are skipped:
     * `describe.skipIf(questdb === null)`.
     */
    readonly questdb: ProvidedQuestDb | null;
  }
}

export interface ProvidedQuestDb {
  /** Where `sharedQuestDb` asks for the server of all tests; null where `url` is known. */
  readonly askAt: string | null;
  readonly url: string | null;
  /** To start servers of one's own with; null where `QUESTDB_URL` is tested and there is none. */
  readonly jar: string | null;
}

export interface QuestDbOptions {
  /** Settings such as `QDB_DEV_MODE_ENABLED`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Demanded from every request. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

const READY_WITHIN_MS = 150_000;
const STOP_WITHIN_MS = 10_000;

/** A QuestDB in a process of its own, on free ports, with a folder that `dispose` deletes. */
export class QuestDbServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'headcount-questdb-'));
  /** Of its HTTP port. */
  readonly url: string;
  /** Of its PostgreSQL port: user `admin`, password `quest`, database `qdb`. */
  readonly pgPort: number;
  readonly #jar: string;
  readonly #options: QuestDbOptions;
  readonly #ports: readonly number[];
  #child: ChildProcess | null = null;

  private constructor(jar: string, options: QuestDbOptions, ports: readonly number[]) {
    this.#jar = jar;
    this.#options = options;
    this.#ports = ports;
    this.url = `http://127.0.0.1:${ports[0]}`;
    this.pgPort = ports[2] ?? 0;
  }

  /** Resolves when it answers. */
  static async start(jar: string, options: QuestDbOptions = {}): Promise<QuestDbServer> {
    const server = await QuestDbServer.launch(jar, options);
    await server.ready();
    return server;
  }

  /** Resolves at once: `ready` waits. */
  static async launch(jar: string, options: QuestDbOptions = {}): Promise<QuestDbServer> {
    const server = new QuestDbServer(jar, options, await freePorts(3));
    server.#spawn();
    return server;
  }

  async ready(): Promise<void> {
    await questDbReady(this.url).catch((error: Error) => {
      throw new Error(
        `${error.message}\n${readFileSync(join(this.folder, 'output.log'), 'utf8').slice(-2_000)}`,
      );
    });
  }

  /** Rows of a statement, values by name of the column; times are ISO 8601 with six decimals. */
  query(sql: string): Promise<Record<string, unknown>[]> {
    return questDbQuery(this.url, sql, this.#options.credentials);
  }

  /** Rows of a statement, once all that was written to `table` is applied. */
  async settled(table: string, sql: string): Promise<Record<string, unknown>[]> {
    await this.query(`SELECT wait_wal_table('${table}')`);
    return this.query(sql);
  }

  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGKILL and nothing else, for the way out of a process. */
  killNow(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts it again with the same folder and ports; resolves when it answers. Ends it with SIGTERM first if it runs. */
  async restart(): Promise<void> {
    await this.stop();
    this.#spawn();
    await this.ready();
  }

  /** Ends it and deletes its folder. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(): void {
    const [http, health, pg] = this.#ports.map((port) => `127.0.0.1:${port}`);
    const { env, credentials } = this.#options;
    const output = openSync(join(this.folder, 'output.log'), 'a');
    const module = ['--add-exports', 'java.base/jdk.internal.math=io.questdb', '-p', this.#jar];
    const small = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const main = ['-m', 'io.questdb/io.questdb.ServerMain', '-d', this.folder];
    this.#child = spawn('java', [...small, ...module, ...main], {
      stdio: ['ignore', output, output],
      env: {
        ...process.env,
        QDB_HTTP_BIND_TO: http,
        QDB_HTTP_MIN_NET_BIND_TO: health,
        QDB_PG_NET_BIND_TO: pg,
        QDB_LINE_TCP_ENABLED: 'false',
        QDB_LINE_UDP_ENABLED: 'false',
        QDB_TELEMETRY_ENABLED: 'false',
        QDB_SHARED_WORKER_COUNT: '1',
        ...(credentials && { QDB_HTTP_USER: credentials.user, QDB_HTTP_PASSWORD: credentials.password }),
        ...env,
      },
    });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }
}

/** Of a server for all tests at once, which answers: use a store id of your own, and neither drop nor change tables. */
export async function sharedQuestDb({ askAt, url }: ProvidedQuestDb): Promise<string> {
  const known = askAt === null ? url : await (await fetch(askAt)).text();
  if (known === null) throw new Error('no QuestDB is provided');
  await questDbReady(known);
  return known;
}

interface ExecAnswer {
  readonly columns?: readonly { readonly name: string }[];
  readonly dataset?: readonly (readonly unknown[])[];
  readonly error?: string;
}

/** Resolves when the server at `url` answers; rejects when it has not for a long time. */
export async function questDbReady(url: string): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    const answer = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    if (answer?.status === 204) return;
    await sleep(50);
  }
  throw new Error(`no QuestDB answers at ${url}`);
}

/** Rows of a statement, values by name of the column. */
export async function questDbQuery(
  url: string,
  sql: string,
  credentials?: { readonly user: string; readonly password: string },
): Promise<Record<string, unknown>[]> {
  const { user, password } = credentials ?? {};
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  const answer = await fetch(`${url}/exec?query=${encodeURIComponent(sql)}`, {
    headers: credentials === undefined ? {} : { authorization: `Basic ${basic}` },
  });
  // QuestDB writes NUL as it is into its JSON.
  const text = (await answer.text()).replaceAll('\0', '\\u0000');
  const {
    columns = [],
    dataset = [],
    error,
  } = (text.startsWith('{') ? JSON.parse(text) : { error: text }) as ExecAnswer;
  if (error !== undefined) throw new Error(`${sql}: ${error}`);
  return dataset.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
