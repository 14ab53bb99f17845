import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Program } from '../../program/program.ts';

const CLIENT = join(import.meta.dirname, 'node-client.ts');

/** A program of its own with the real client for Node. */
export class NodeClient {
  readonly #folder = mkdtempSync(join(tmpdir(), 'headcount-client-'));
  readonly #child;
  readonly #lines;

  /** `how`: `identity` or `ids`, and what else `node-client.ts` is told. */
  constructor(server: string, ...how: string[]) {
    // The client keeps settings in the folder that it is started in.
    this.#child = spawn(process.execPath, [CLIENT, server, ...how], {
      cwd: this.#folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Does one thing after the other, and resolves when they are done. */
  async do(...things: string[]): Promise<void> {
    for (const thing of things) {
      this.#child.stdin.write(`${thing}\n`);
      // The client may say something of its own.
      for (let line = ''; line !== `done ${thing}`; ) {
        const { value, done } = await this.#lines.next();
        if (done === true) throw new Error(`the client has ended before: ${thing}`);
        line = String(value);
      }
    }
  }

  /** Lets it end of itself, or kills it. */
  async end(signal?: 'SIGKILL'): Promise<void> {
    const exited = once(this.#child, 'exit');
    if (signal === undefined) this.#child.stdin.end();
    else this.#child.kill(signal);
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Item {
  readonly kind: string;
  readonly user: { readonly directory: string | null; readonly id: string } | null;
  readonly [field: string]: unknown;
}

/** Sessions or events that are stored, oldest first. */
export async function stored(program: Program, path: string): Promise<Item[]> {
  const { items } = await program.get<{ readonly items: readonly Item[] }>(path);
  return items.toReversed();
}
