import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { isInstalled } from '../api/metrics/installed.ts';

/** Where `go install` puts it. */
const IN_GO = join(homedir(), 'go', 'bin', 'nats-server');
const PROGRAM = existsSync(IN_GO) ? IN_GO : 'nats-server';

export const hasNats =
  existsSync(IN_GO) ||
  isInstalled(PROGRAM, 'nats-server: go install github.com/nats-io/nats-server/v2@v2.15.2');

const READY_WITHIN_MS = 30_000;

export interface Login {
  readonly user?: string;
  readonly pass?: string;
}

interface Ports {
  readonly client: number;
  readonly cluster: number;
}

/** Real servers of NATS with JetStream, on loopback, that can be killed and started again; one, or a cluster. */
export class NatsServers {
  readonly folder = mkdtempSync(join(tmpdir(), 'headcount-nats-'));
  readonly #ports: readonly Ports[];
  readonly #settings: string;
  readonly #processes = new Map<number, ChildProcess>();

  /** Who may do everything there; nobody has to say so where it is empty. */
  readonly login: Login;

  /** A command through which they run. */
  readonly #through: readonly string[];

  private constructor(ports: readonly Ports[], settings: string, login: Login, through: readonly string[]) {
    this.#ports = ports;
    this.#through = through;
    this.#settings = settings;
    this.login = login;
  }

  /** `settings`: more lines for their configuration; `through`: a command through which they run. */
  static async start(
    count = 1,
    settings = '',
    login: Login = {},
    through: readonly string[] = [],
  ): Promise<NatsServers> {
    const ports: Ports[] = [];
    for (let n = 0; n < count; n += 1) ports.push({ client: await freePort(), cluster: await freePort() });
    const servers = new NatsServers(ports, settings, login, through);
    for (const place of ports.keys()) servers.begin(place);
    await servers.ready();
    return servers;
  }

  get urls(): string[] {
    return this.#ports.map(({ client }) => `nats://127.0.0.1:${client}`);
  }

  get count(): number {
    return this.#ports.length;
  }

  /** Starts the one at that place. */
  begin(place: number): void {
    const { client, cluster } = this.#ports[place] as Ports;
    const file = join(this.folder, `${place}.conf`);
    const routes = this.#ports.map((each) => `nats://127.0.0.1:${each.cluster}`).join(', ');
    const inCluster = `cluster { name: test, listen: "127.0.0.1:${cluster}", routes: [${routes}] }`;
    writeFileSync(
      file,
      `server_name: n${place}
listen: "127.0.0.1:${client}"
${this.#settings.includes('jetstream') ? '' : `jetstream { store_dir: "${join(this.folder, String(place))}", max_file_store: 1G, sync_interval: always }`}
${this.count > 1 ? inCluster : ''}
${this.#settings}
`,
    );
    const [command = PROGRAM, ...rest] = [...this.#through, PROGRAM, '-c', file];
    this.#processes.set(place, spawn(command, rest, { stdio: 'ignore' }));
  }

  /** Resolves when JetStream answers. */
  async ready(): Promise<void> {
    const end = performance.now() + READY_WITHIN_MS;
    for (;;) {
      try {
        const connection = await connect({
          ...this.login,
          servers: this.urls,
          reconnect: false,
          timeout: 1_000,
        });
        try {
          await (await jetstreamManager(connection, { timeout: 1_000 })).getAccountInfo();
          return;
        } finally {
          await connection.close();
        }
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Place of the server that leads a stream. */
  async leaderOf(stream: string): Promise<number> {
    const connection = await connect({ ...this.login, servers: this.urls, reconnect: false });
    try {
      const { cluster } = await (await jetstreamManager(connection)).streams.info(stream);
      return Number(/^n(\d+)$/.exec(cluster?.leader ?? '')?.[1]);
    } finally {
      await connection.close();
    }
  }

  /** It is there and answers nothing, as behind a network that is cut. */
  freeze(place: number): void {
    this.#processes.get(place)?.kill('SIGSTOP');
  }

  thaw(place: number): void {
    this.#processes.get(place)?.kill('SIGCONT');
  }

  async kill(place: number): Promise<void> {
    const child = this.#processes.get(place);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** At once, by their own ids. */
  killAll(): void {
    for (const child of this.#processes.values()) child.kill('SIGKILL');
  }

  /** With everything that they have stored. */
  async dispose(): Promise<void> {
    for (const place of this.#processes.keys()) await this.kill(place);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
