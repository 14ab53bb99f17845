import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { until } from '../program/program.ts';

/** A program with these arguments, which writes log lines as JSON. */
export class RunningCommand {
  readonly child: ChildProcess;
  output = '';
  readonly #exited: Promise<unknown>;

  /** `command`: by default this Node in place of the one that is named, since tests run with the one that `npm ci` brings. */
  constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, command = process.execPath) {
    this.child = spawn(command, args, { cwd, env });
    this.#exited = once(this.child, 'exit');
    onTestFinished(() => void this.child.kill('SIGKILL'));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    }
  }

  /** The first log line with this message, of its output or of `text`. */
  logged(msg: string, text = () => this.output): Promise<Record<string, unknown>> {
    const find = async () => {
      const lines = text()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'));
      const found = lines.map((line) => JSON.parse(line)).find((line) => line.msg === msg);
      if (found === undefined && this.child.exitCode !== null) {
        throw new Error(`exit ${this.child.exitCode}: ${text()} ${this.output}`);
      }
      return found;
    };
    return until(find, (found) => found !== undefined);
  }

  /** The exit code. */
  async end(signal: NodeJS.Signals | null = 'SIGTERM'): Promise<number | null> {
    if (signal !== null) this.child.kill(signal);
    await this.#exited;
    return this.child.exitCode;
  }
}
