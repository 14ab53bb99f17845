import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled } from '../../api/metrics/installed.ts';

/** Debian has it where only root looks for programs. */
const PROGRAM = existsSync('/usr/sbin/mosquitto') ? '/usr/sbin/mosquitto' : 'mosquitto';

export const hasMosquitto = existsSync(PROGRAM) || isInstalled(PROGRAM, 'mosquitto');

/** A broker of Debian's, on loopback and a port of its own, which can be stopped and killed. */
export class Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly #file: string;
  #process: ChildProcess | null = null;

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.url = `mqtt://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), 'headcount-mosquitto-'));
    this.#file = join(this.folder, 'mosquitto.conf');
    const own = settings.some((line) => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true'];
    // As root it would read files as another user.
    const user = process.getuid?.() === 0 ? ['user root'] : [];
    const lines = [`listener ${port} 127.0.0.1`, 'persistence false', ...user, ...own, ...settings];
    writeFileSync(this.#file, `${lines.join('\n')}\n`);
  }

  /** `settings`: lines for its configuration. */
  static async start(settings: readonly string[] = []): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort(), settings);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    this.#process = spawn(PROGRAM, ['-c', this.#file], { stdio: 'ignore' });
    while (!(await listens(this.port))) {
      if (this.#process.exitCode !== null) throw new Error('mosquitto has ended');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Stops it: in order with SIGTERM, or not with SIGKILL. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { exitCode, signalCode } = this.#process ?? {};
    if (this.#process === null || exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  /** It goes on to hold connections, and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true });
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

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
