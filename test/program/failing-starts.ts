import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';
import { journalFile } from '../../src/journal/journal-file.ts';
import { enabling, type FailingDisk, READ } from './failing-disk.ts';
import { HERE, Program, type ProgramFolder } from './program.ts';

/** One start at which reads of the disk fail. */
export interface FailingStart {
  /** That a read fails. */
  readonly chance: number;
  /** How the program before it is ended: a kill leaves a log to be recovered. */
  readonly after: 'SIGKILL' | 'SIGTERM';
}

export interface FailedStarts {
  /** Nothing, if all is well. */
  readonly problems: readonly string[];
  /** Starts that were refused in words of ours, and such as succeeded. */
  readonly refused: number;
  readonly started: number;
  readonly accepted: number;
}

const PRELOAD = pathToFileURL(`${import.meta.dirname}/preload-failing-reads.ts`);
/** Whatever the machine does besides. */
const LONGEST_MS = 90_000;
const FIRST_EVENTS = 3_000;
const MORE_EVENTS = 50;
/** One line that names a file of the store, and says what to do. */
const REFUSAL =
  /^exit 1: [^\n]*headcount\.(?:db|lock): [^\n]*(?:errors of the disk|nothing was changed)[^\n]*\n$/;
/** Node reads this once more for each thread, which is no matter of ours. */
const OF_NODE = /^exit \d+: [^\n]*package\.json: i\/o error/;

/**
 * Starts the program while reads fail, again and again. It is either refused, with a store that is as before to the byte, or it has all
 * that was accepted; and so has each start without faults in between.
 */
export async function failingStarts(
  disk: FailingDisk,
  folder: ProgramFolder,
  starts: Iterable<FailingStart>,
): Promise<FailedStarts> {
  const problems: string[] = [];
  let [refused, started, accepted, number] = [0, 0, 0, 0];
  for (const { chance, after } of starts) {
    const say = (problem: string) => problems.push(`start ${number}: ${problem}`);
    const sound = await Program.start(folder);
    const there = await sessionsOf(sound);
    if (there !== accepted) say(`${accepted} accepted, ${there} there after the start before`);
    accepted += await post(sound, number, number === 0 ? FIRST_EVENTS : MORE_EVENTS);
    await sound.end(after);
    const before = bytesOf(folder.store);
    try {
      const failing = await Program.start(folder, disk.through(), readingBadly(disk, chance), LONGEST_MS);
      await disk.mend(failing, { points: [READ], chance });
      const found = await sessionsOf(failing);
      if (found !== accepted) say(`${accepted} accepted, it started with ${found}`);
      await failing.end(after);
      started += 1;
    } catch (error) {
      const { message } = error as Error;
      if (OF_NODE.test(message)) continue;
      if (!REFUSAL.test(message)) say(message);
      if (bytesOf(folder.store) !== before) say(`the store is another one after: ${message}`);
      refused += 1;
    } finally {
      number += 1;
    }
  }
  const last = await Program.start(folder);
  const there = await sessionsOf(last);
  if (there !== accepted) problems.push(`${accepted} accepted, ${there} there in the end`);
  await last.stop();
  return { problems, refused, started, accepted };
}

function readingBadly(disk: FailingDisk, chance: number): string[] {
  const [node = '', ...program] = HERE;
  const preload = new URL(PRELOAD);
  preload.searchParams.set('pipes', disk.pipes);
  for (const command of enabling({ points: [READ], chance, errno: constants.errno.EIO })) {
    preload.searchParams.append('command', command);
  }
  return [node, '--import', preload.href, ...program];
}

async function post({ api }: Program, round: number, events: number): Promise<number> {
  const items = Array.from({ length: events }, (_, n) => ({
    type: 'session_start',
    host: `node${n % 7}`,
    virtualProxy: `proxy${n % 5}`,
    user: { directory: 'LAB', id: `user${round}-${n}` },
  }));
  const { status } = await fetch(`${api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  if (status !== 202) throw new Error(`events were answered ${status}`);
  return events;
}

async function sessionsOf(program: Program): Promise<number> {
  return (await program.get<{ active: { sessions: number } }>('/api/v1/counts')).active.sessions;
}

/** Of the file and its log. The index of the log is made anew at each start. */
function bytesOf(store: string): string {
  const hash = createHash('sha256');
  for (const file of [journalFile(store), `${journalFile(store)}-wal`]) {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    hash.update(`${size};`);
    if (size > 0) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}
