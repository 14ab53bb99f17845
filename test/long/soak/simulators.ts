import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

/** `headcount simulate`, each in a process of its own. */
export class Simulators {
  readonly #children = new Set<ChildProcess>();

  /** Resolves with the number of lines or items that were sent, when that was all. */
  async run(options: Readonly<Record<string, string | number>>): Promise<number> {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn(process.execPath, [MAIN, 'simulate', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    this.#children.delete(child);
    if (code !== 0) throw new Error(`a simulator ended with ${code}`);
    return (JSON.parse(output) as { readonly sent: number }).sent;
  }

  /** At once, for the way out. */
  dispose(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
