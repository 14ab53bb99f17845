import { TABLES } from '../../src/contract/sink.ts';
import { Program, ProgramFolder, until } from '../program/program.ts';
import { type StandInQps, senseFile } from '../receivers/qps/stand-in.ts';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { PgWire } from './pg-wire.ts';

export const OWNER = { user: 'admin', password: 'owner' };
const READER = { user: 'grafana', password: 'reader' };
const MOST_ITEMS = 1_000;

interface Ingest {
  readonly inFlight: number;
  readonly sinks: readonly {
    readonly pending: number;
    readonly up: boolean;
    readonly databaseTables: readonly unknown[];
  }[];
}

interface Counts {
  readonly active: { readonly sessions: number };
}

interface Applications {
  /** YAML of tokens. */
  readonly tokens: string;
  /** The one of them that may read and send. */
  readonly key: string;
}

/** A QuestDB that demands passwords, the program that fills it, and Grafana's way into it: a user that may only read. */
export class RunningSite {
  readonly folder: ProgramFolder;
  readonly server: QuestDbServer;
  readonly program: Program;
  readonly wire: PgWire;

  readonly #key: string | null;

  private constructor(
    folder: ProgramFolder,
    server: QuestDbServer,
    program: Program,
    wire: PgWire,
    key: string | null,
  ) {
    this.#key = key;
    this.folder = folder;
    this.server = server;
    this.program = program;
    this.wire = wire;
  }

  /**
   * `extra`: more YAML for Headcount. `polled`: the proxy service of `node1` that it asks, with `/` and `/sales`. `applications`: what they send to,
   * with their tokens, and one that may read and send.
   */
  static async start(
    jar: string,
    extra = '',
    polled: StandInQps | null = null,
    applications: Applications | null = null,
  ): Promise<RunningSite> {
    const server = await startQuestDb(jar);
    const receivers = polled === null ? '' : receiverOf(polled);
    const folder =
      applications === null
        ? new ProgramFolder(sinkOf(server) + extra, receivers)
        : new ProgramFolder(
            sinkOf(server) + extra,
            `${receivers}  - { type: exceptionless }\n`,
            `port: 0, tokens: [ ${applications.tokens} ]`,
          );
    const program = await Program.start(folder);
    const wire = await connectAsGrafana(server);
    return new RunningSite(folder, server, program, wire, applications?.key ?? null);
  }

  /** Resolves when all of it is on the disk of Headcount. `path` and `key`: of what takes it. */
  async post(items: readonly object[], path = '/api/v1/events', key = this.#key): Promise<void> {
    for (let from = 0; from < items.length; from += MOST_ITEMS) {
      const body = JSON.stringify(items.slice(from, from + MOST_ITEMS));
      const headers = { 'content-type': 'application/json', ...authorized(key) };
      const answer = await fetch(this.program.api + path, { method: 'POST', headers, body });
      if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    }
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(this.program.api + path, { headers: authorized(this.#key) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Resolves when QuestDB shows all that was posted. */
  async settle(): Promise<void> {
    // Whoever asks has the state of the sessions committed.
    await this.get('/api/v1/sessions?limit=1');
    const isDone = ({ inFlight, sinks: [sink] }: Ingest) =>
      inFlight === 0 && sink?.pending === 0 && sink.up && sink.databaseTables?.length === TABLES.length;
    await until(() => this.get<Ingest>('/api/v1/ingest'), isDone, 60_000);
    for (const table of TABLES) await this.server.settled(table, 'SELECT 1');
    // What is open is counted once a second.
    await until(
      async () => [await this.#countedOpen(), (await this.get<Counts>('/api/v1/counts')).active.sessions],
      ([counted, open]) => counted === open,
    );
  }

  async #countedOpen(): Promise<unknown> {
    const sql =
      "SELECT active FROM session_counts WHERE scope = 'site' AND active IS NOT NULL LATEST ON ts PARTITION BY store";
    return (await this.server.query(sql))[0]?.['active'];
  }

  /** Takes another configuration without a restart. */
  reload(extra: string): void {
    this.folder.write(sinkOf(this.server) + extra);
    this.program.child.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    this.wire.close();
    await this.program.end('SIGKILL');
    await this.server.dispose();
    this.folder.dispose();
  }
}

function authorized(key: string | null): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

export function startQuestDb(jar: string): Promise<QuestDbServer> {
  const env = {
    QDB_PG_READONLY_USER_ENABLED: 'true',
    QDB_PG_READONLY_USER: READER.user,
    QDB_PG_READONLY_PASSWORD: READER.password,
  };
  return QuestDbServer.start(jar, { credentials: OWNER, env });
}

export function connectAsGrafana(server: QuestDbServer): Promise<PgWire> {
  return PgWire.connect(server.pgPort, READER.user, READER.password);
}

function receiverOf({ port }: StandInQps): string {
  const files = `cert: ${senseFile('client')}, key: ${senseFile('client_key')}, ca: ${senseFile('root')}`;
  const server = `{ host: 127.0.0.1, port: ${port}, servername: sense1, node: node1, virtualProxies: [/, /sales] }`;
  return `  - { type: qps, interval: 1s, timeout: 900ms, certificates: { ${files} }, servers: [${server}] }\n`;
}

function sinkOf({ url }: QuestDbServer): string {
  const { user, password } = OWNER;
  return `sinks:
  - { type: questdb, url: "${url}", user: ${user}, password: ${password}, interval: 20ms }
`;
}
