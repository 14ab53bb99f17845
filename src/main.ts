import { nodeProblem } from './node-version.js';

const EXIT_CONFIG = 78;
/** A stop that takes longer than this has failed. A container is killed after ten seconds, a service after fifteen. */
const STOP_WITHIN_MS = 9_000;

const problem = nodeProblem(process.version);
if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
// Only now: an older Node does not know all that the rest imports.
const { Command, CommanderError } = await import('commander');
const { EXIT_USAGE } = await import('./commands/command-io.ts');
const { ConfigError } = await import('./config/config.ts');
const { registerAppender } = await import('./commands/appender.ts');
const { registerApps } = await import('./commands/apps.ts');
const { registerBackup } = await import('./commands/backup.ts');
const { registerCheck } = await import('./commands/check.ts');
const { registerDeadLetters } = await import('./commands/dead-letters.ts');
const { registerDemo, startDemoApp } = await import('./commands/demo.ts');
const { registerDoctor } = await import('./commands/doctor.ts');
const { registerDiffButlerSos } = await import('./commands/diff-butler-sos.ts');
const { registerImportButlerSos } = await import('./commands/import-butler-sos.ts');
const { registerNewIdentity } = await import('./commands/new-identity.ts');
const { registerResend } = await import('./commands/resend.ts');
const { registerSimulate } = await import('./commands/simulate.ts');
const { registerSendTest } = await import('./commands/send-test.ts');
const { registerStart } = await import('./commands/start.ts');
const { registerToken } = await import('./commands/token.ts');
const { createSystemClock } = await import('./simulator/clock.ts');

const {
  default: { version },
} = await import('../package.json', { with: { type: 'json' } });
// Node 24 calls it experimental that types are taken out of the page's scripts: nothing that an operator can act on.
process.removeAllListeners('warning');
process.on('warning', ({ name, stack, message }) => {
  if (name !== 'ExperimentalWarning') process.stderr.write(`${stack ?? message}\n`);
});
const stopping = new AbortController();
const reloads = new Set<() => void>();
// Always handled: unhandled, it would end a program that is starting or stopping.
process.on('SIGHUP', () => {
  for (const reload of reloads) reload();
});
const io = {
  stdout: (text: string) => void process.stdout.write(text),
  print: (text: string) => new Promise<void>((done) => process.stdout.write(text, () => done())),
  stderr: (text: string) => void process.stderr.write(text),
  setExitCode: (code: number) => {
    process.exitCode = code;
  },
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
  terminal: process.stdout.isTTY === true,
  stderrColumns: () => (process.stderr.isTTY ? process.stderr.columns : null),
  onReload: (reload: () => void) => {
    reloads.add(reload);
    return () => void reloads.delete(reload);
  },
};

// Whoever read the output is gone, such as `head`: no reason for a stack trace, but for an orderly end.
process.stdout.on('error', () => {
  process.exitCode = 1;
  stopping.abort();
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGBREAK'] as const) {
  process.on(signal, () => {
    stopping.abort();
    setTimeout(() => {
      process.stderr.write('did not stop in time; events that were not committed yet are lost\n');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
  });
}

const HELP = `
Examples:
  headcount demo                         made-up people, to look around
  headcount start                        the real thing, until Ctrl-C
  headcount appender --host 192.0.2.10   what to put on a Sense node
  headcount send-test                    does a line get through?
  headcount doctor                       what is wrong, and what to do about it
  headcount help simulate                more about one command

In a clone, "npx headcount" and "npm run headcount --" call it.
`;

const program = new Command('headcount')
  .description('Who is on Qlik Sense right now, and who was')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .addHelpText('after', HELP)
  .configureOutput({ outputError: (text, write) => write(usageProblem(text)) })
  .exitOverride();
// In the order in which somebody new needs them.
registerDemo(program, io, (options) => startDemoApp(options, io, version));
registerStart(program, io, version);
registerCheck(program, io, Date.now);
registerToken(program, io);
registerAppender(program, io);
registerSendTest(program, io, createSystemClock());
registerDoctor(program, io, createSystemClock());
registerApps(program, io);
registerImportButlerSos(program, io);
registerDiffButlerSos(program, io, createSystemClock());
registerSimulate(program, io);
registerDeadLetters(program, io);
registerResend(program, io, Date.now);
registerBackup(program, io);
registerNewIdentity(program, io);

try {
  const argv = process.argv.slice(2);
  // Whoever names no command wants to know which there are, and opens no port to the network by that.
  await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed it; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1;
  }
}

/** What commander has against a command line, in one line such as `unknown command "strat", did you mean "start"?`. */
function usageProblem(text: string): string {
  const [, problem = '', several = '', names] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean (one of )?(.+)\?\))?$/s.exec(text.trim()) ?? [];
  const quoted = problem.replaceAll(/'([^']*)'/g, '"$1"');
  if (names !== undefined)
    return `${quoted}, did you mean ${several}${several === '' ? `"${names}"` : names}?\n`;
  return problem.startsWith('unknown') ? `${quoted}; "headcount --help" lists the commands\n` : `${quoted}\n`;
}
