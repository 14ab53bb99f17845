import { readFileSync } from 'node:fs';

const NEEDED = 24;
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;
/** A stop that takes longer than this has failed. */
const STOP_WITHIN_MS = 5_000;

const [major] = process.versions.node.split('.');
if (Number(major) < NEEDED) {
  process.stderr.write(`Headcount needs Node ${NEEDED} or newer; this is ${process.version}\n`);
  process.exit(1);
}
// Only now: an older Node does not know all that the rest imports.
const { Command, CommanderError } = await import('commander');
const { ConfigError } = await import('./config/config.ts');
const { registerAppender } = await import('./commands/appender.ts');
const { registerCheck } = await import('./commands/check.ts');
const { registerDeadLetters } = await import('./commands/dead-letters.ts');
const { registerDemo } = await import('./commands/demo.ts');
const { registerResend } = await import('./commands/resend.ts');
const { registerSimulate } = await import('./commands/simulate.ts');
const { registerStart } = await import('./commands/start.ts');
const { startDemoApp } = await import('./commands/demo.ts');

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
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

for (const signal of ['SIGTERM', 'SIGINT', 'SIGBREAK'] as const) {
  process.on(signal, () => {
    stopping.abort();
    setTimeout(() => {
      process.stderr.write('did not stop in time; events that were not committed yet are lost\n');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
  });
}

const program = new Command('headcount')
  .description('Who is on Qlik Sense right now, and who was')
  .version(version)
  .exitOverride();
registerStart(program, io, version);
registerCheck(program, io, Date.now);
registerAppender(program, io);
registerSimulate(program, io);
registerDeadLetters(program, io);
registerResend(program, io, Date.now);
registerDemo(program, io, (options) => startDemoApp(options, io, version));

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed it; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1;
  }
}
