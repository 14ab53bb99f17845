import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
const LEFT_BEHIND = new Set(['node_modules', '.git', 'data', 'config.yaml', '.env']);

/** The tests as they are, but without servers of other programs. */
const CONFIG = `import { defineConfig } from 'vitest/config';
export default defineConfig({
  test: {
    deps: { interopDefault: false },
    maxWorkers: '100%',
    // The whole run has a limit; a machine that is busy must not look like a test that fails.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    bail: 1,
    reporters: ['json'],
    setupFiles: ['vitest.mutate.setup.ts'],
  },
});
`;

/** Nobody looks at the smallest counterexample, and looking for it takes longer than finding one. */
const SETUP = `import fc from 'fast-check';
fc.configureGlobal({ endOnFailure: true });
`;

export interface Outcome {
  readonly isNoticed: boolean;
  /** It was noticed because the tests did not come to an end. */
  readonly isLate: boolean;
  /** The first test that failed; null where none did. */
  readonly by: string | null;
  readonly ms: number;
}

/**
 * A copy of the program in which one file at a time is changed and tests are run, as they are run otherwise. A copy, and not
 * a switch in the code, because the program runs in threads and tests start it as a process: all of them read the file.
 */
export class MutatedTree {
  readonly directory = mkdtempSync(join(tmpdir(), 'headcount-mutants-'));
  #running: ChildProcess | null = null;

  constructor() {
    cpSync(ROOT, this.directory, {
      recursive: true,
      filter: (path) => !LEFT_BEHIND.has(path.slice(ROOT.length + 1)),
    });
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'));
    writeFileSync(join(this.directory, 'vitest.mutate.config.ts'), CONFIG);
    writeFileSync(join(this.directory, 'vitest.mutate.setup.ts'), SETUP);
  }

  /** Paths of its files, in order. */
  files(patterns: readonly string[]): string[] {
    return globSync([...patterns], { cwd: this.directory }).sort();
  }

  /** Runs the tests with `text` in place of the file. */
  async tryOut(file: string, text: string, tests: readonly string[], withinMs: number): Promise<Outcome> {
    const path = join(this.directory, file);
    const original = readFileSync(path);
    writeFileSync(path, text);
    try {
      return await this.run(tests, withinMs);
    } finally {
      writeFileSync(path, original);
    }
  }

  async run(tests: readonly string[], withinMs: number): Promise<Outcome> {
    const begun = performance.now();
    const report = join(this.directory, 'report.json');
    rmSync(report, { force: true });
    const code = await this.#vitest(
      ['run', '--config', 'vitest.mutate.config.ts', '--outputFile', report, ...tests],
      withinMs,
    );
    const ms = Math.round(performance.now() - begun);
    return { isNoticed: code !== 0, isLate: code === null, by: code === 0 ? null : firstFailed(report), ms };
  }

  #vitest(args: readonly string[], withinMs: number): Promise<number | null> {
    const node = join(ROOT, 'node_modules/.bin/node');
    const child = spawn(node, ['node_modules/vitest/vitest.mjs', ...args], {
      cwd: this.directory,
      stdio: 'ignore',
      // A group of its own, with what the tests start.
      detached: true,
    });
    this.#running = child;
    return new Promise((done) => {
      const late = setTimeout(() => this.#end(), withinMs);
      child.once('exit', (code) => {
        clearTimeout(late);
        this.#end();
        this.#running = null;
        done(code);
      });
    });
  }

  #end(): void {
    const pid = this.#running?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  }

  dispose(): void {
    this.#end();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function firstFailed(report: string): string | null {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const file = testResults.find(({ status }) => status === 'failed');
    return file?.assertionResults.find(({ status }) => status === 'failed')?.fullName ?? file?.name ?? null;
  } catch {
    return null;
  }
}
