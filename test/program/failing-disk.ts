import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { journalFile } from '../../src/journal/journal-file.ts';
import { missingOrDoubled, relayProblems, unlikeTwin, watch } from './kill-rounds.ts';
import { Poster, sendDatagrams, sendLines } from './kill-senders.ts';
import { Program, ProgramFolder } from './program.ts';

/** What goes wrong below the program, with what probability; the errors are those of errno(3) on Linux. */
const EIO = 5;
const ENOSPC = 28;
const FAULTS: readonly (readonly string[])[] = [
  [`enable_random name=posix/io/sync/fsync,probability=0.5,failinfo=${EIO}`],
  [`enable name=posix/io/sync/fsync,failinfo=${EIO}`],
  [`enable_random name=posix/io/rw/pwrite,probability=0.05,failinfo=${EIO}`],
  [`enable_random name=posix/io/rw/pwrite,probability=0.3,failinfo=${ENOSPC}`],
  [`enable name=posix/io/rw/pwrite,failinfo=${ENOSPC}`],
  ['enable_random name=posix/io/rw/pwrite/reduce,probability=0.5'],
  [
    `enable_random name=posix/io/sync/fsync,probability=0.2,failinfo=${EIO}`,
    `enable_random name=posix/io/rw/pwrite,probability=0.02,failinfo=${EIO}`,
    'enable_random name=posix/io/rw/pwrite/reduce,probability=0.2',
  ],
];
const MENDED = ['sync/fsync', 'rw/pwrite', 'rw/pwrite/reduce'].map((name) => `disable name=posix/io/${name}`);
const CONTROL_WITHIN_MS = 10_000;
/** A sender that is not answered gives up, and offers the same again. */
const ANSWER_WITHIN_MS = 2_000;

/** Whether libfiu is installed (Debian: fiu-utils). Without it the tests are skipped, but not in continuous integration. */
export function canFail(): boolean {
  if (existsSync('/usr/bin/fiu-run') && existsSync('/usr/lib/fiu/fiu_posix_preload.so')) return true;
  const missing = 'libfiu is not installed (apt-get install fiu-utils)';
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}

export interface Rounds {
  /** Whether there is one more round, by its number from 0 on. */
  readonly goesOn: (round: number) => boolean;
  /** Faults one after the other in each round. */
  readonly faults: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** How long each fault lasts, and each time without one after it. */
  readonly faultMs: () => number;
  readonly say?: (text: string) => void;
}

/** What was seen, to know that there was anything to be seen. */
export interface Seen {
  readonly problems: readonly string[];
  readonly answered: number;
  readonly refused: number;
  readonly failedCommits: number;
  readonly refusedStarts: number;
}

/**
 * Lets writes and syncs fail below the program while UDP, TCP and HTTP come in, stops or kills it in the middle of that, and starts it again, also on a disk that fails.
 */
export async function failingDiskRounds(options: Rounds): Promise<Seen> {
  const { goesOn, random, say = () => {} } = options;
  const folder = new ProgramFolder();
  const poster = new Poster();
  const problems: string[] = [];
  let [refused, failedCommits, refusedStarts] = [0, 0, 0];
  try {
    for (let round = 0; goesOn(round); round += 1) {
      if (random() < 0.5) refusedStarts += (await startOnFailingDisk(folder, random, problems)) ? 1 : 0;
      const program = await Program.start(folder, through(folder));
      const ending = new AbortController();
      const posting = offerUntil(ending.signal, program, poster, problems);
      const senders = [sendDatagrams(program.udpPort), sendLines(program.tcpPort, round)];
      const watching = watch(program, problems);
      await letFail(folder, program, options);
      const signal = random() < 0.5 ? 'SIGKILL' : 'SIGTERM';
      await program.end(signal);
      ending.abort();
      for (const sender of senders) sender.stop();
      const refusals = await posting;
      await watching;
      const said = program.log.filter(({ kind }) => kind === 'commit failed').length;
      if (refusals > 0 && said === 0)
        problems.push(`round ${round}: ${refusals} refusals, and the log says nothing`);
      refused += refusals;
      failedCommits += said;
      say(`round ${round + 1}: ${poster.answered.size} answered, ${refused} refused, ${signal}`);
    }
    const program = await Program.start(folder);
    await poster.post(program.api);
    const counts = await program.get<Parameters<typeof unlikeTwin>[1]>('/api/v1/counts');
    const code = await program.stop();
    const found = [
      ...problems,
      ...(code === 0 ? [] : [`exit code ${code}`]),
      ...damage(folder.store),
      ...missingOrDoubled(folder.store, poster),
      ...relayProblems(folder.store),
      ...unlikeTwin(folder.store, counts),
    ];
    return { problems: found, answered: poster.answered.size, refused, failedCommits, refusedStarts };
  } finally {
    folder.dispose();
  }
}

function controlOf(folder: ProgramFolder): string {
  return join(folder.path, 'fiu');
}

/** The command through which a program runs whose calls can fail. */
function through(folder: ProgramFolder, faults: readonly string[] = []): string[] {
  return ['fiu-run', '-x', '-f', controlOf(folder), ...faults.flatMap((fault) => ['-c', fault])];
}

/** One fault after the other. The last one stays. */
async function letFail(
  folder: ProgramFolder,
  program: Program,
  { faults, random, faultMs }: Rounds,
): Promise<void> {
  for (let n = 1; n <= faults; n += 1) {
    await pause(faultMs());
    await control(folder, program, anyFault(random));
    await pause(faultMs());
    if (n < faults) await control(folder, program, MENDED);
  }
}

function anyFault(random: () => number): readonly string[] {
  return FAULTS[Math.floor(random() * FAULTS.length)] ?? [];
}

async function control(
  folder: ProgramFolder,
  { child }: Program,
  commands: readonly string[],
): Promise<void> {
  const parameters = [
    '-f',
    controlOf(folder),
    ...commands.flatMap((command) => ['-c', command]),
    String(child.pid),
  ];
  // Without anybody who reads, it would wait for ever.
  const controlling = spawn('fiu-ctrl', parameters, { timeout: CONTROL_WITHIN_MS });
  const [code] = await once(controlling, 'exit');
  if (code !== 0) throw new Error(`fiu-ctrl ended with ${code}`);
}

/** Whether a start on a disk that fails was refused: in one line then, and never with a store made anew. */
async function startOnFailingDisk(
  folder: ProgramFolder,
  random: () => number,
  problems: string[],
): Promise<boolean> {
  try {
    const program = await Program.start(folder, through(folder, anyFault(random)));
    await program.end('SIGKILL');
    return false;
  } catch (error) {
    const text = String((error as Error).message);
    if (!/^exit 1: [^\n]+\n$/.test(text))
      problems.push(`a start was not refused in one line: ${text.slice(0, 500)}`);
    return true;
  }
}

/** Offers batches until the program is gone; how many were refused. */
async function offerUntil(
  gone: AbortSignal,
  { api }: Program,
  poster: Poster,
  problems: string[],
): Promise<number> {
  let refused = 0;
  while (!gone.aborted) {
    try {
      const within = AbortSignal.any([gone, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
      const status = await poster.offer(api, within);
      if (status === 503) refused += 1;
      else if (status !== 202) problems.push(`answered ${status}`);
    } catch (error) {
      // It is gone, or there was no answer in time.
      if (error instanceof TypeError) await pause(20);
      else if (!(error instanceof DOMException)) throw error;
    }
  }
  return refused;
}

function damage(store: string): string[] {
  const database = new DatabaseSync(journalFile(store));
  try {
    const rows = database.prepare('PRAGMA integrity_check').all();
    return rows.map(({ integrity_check: text }) => String(text)).filter((text) => text !== 'ok');
  } finally {
    database.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
