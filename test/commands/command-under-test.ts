import { Command } from 'commander';
import type { CommandIo } from '../../src/commands/command-io.ts';

/** Runs one command as `main.ts` would, and gives what it wrote and its exit code. */
export async function runCommand(
  register: (program: Command, io: CommandIo) => void,
  argv: readonly string[],
  cwd = '.',
  env: CommandIo['env'] = {},
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }> {
  const result = { stdout: '', stderr: '', exitCode: 0 };
  const program = new Command().exitOverride();
  register(program, {
    stdout: (text) => {
      result.stdout += text;
    },
    print: async (text) => {
      result.stdout += text;
    },
    stderr: (text) => {
      result.stderr += text;
    },
    setExitCode: (code) => {
      result.exitCode = code;
    },
    env,
    cwd,
    terminal: false,
    stderrColumns: () => null,
    onReload: () => () => {},
    signal: new AbortController().signal,
  });
  await program.parseAsync([...argv], { from: 'user' });
  return result;
}
