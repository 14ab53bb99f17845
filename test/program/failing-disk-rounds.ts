import type { FailingDisk, Fault } from './failing-disk.ts';
import { Poster, sendDatagrams, sendLines } from './kill-senders.ts';
import { type Counts, storedEvents, watch, watchOnce, whatIsWrong } from './nothing-lost.ts';
import { Program, type ProgramFolder, until } from './program.ts';

/** So that ten minutes of events, which are all read again in the end, are no more than some hundred thousand. */
const SENDERS_PAUSE_MS = 20;
const MENDED_WITHIN_MS = 20_000;
/** Before the first fault. */
const FIRST_MS = 300;
const REFUSED = /^exit 1: [^\n]+\n$/;
const LOST = /^events that had been taken and are lost: \d+; [^\n]+\n$/;

/** What happens until the program is ended. */
export interface Round {
  /** One after the other, each for so long and with such a pause behind it. */
  readonly faults: readonly { readonly fault: Fault; readonly forMs: number; readonly pauseMs: number }[];
  /** Whether the disk fails already while the program starts. */
  readonly atStart: Fault | null;
  /** Whether the last fault goes on while it ends. */
  readonly endsFailing: boolean;
  readonly signal: 'SIGKILL' | 'SIGTERM';
}

export interface Outcome {
  /** Nothing, if all is well. */
  readonly problems: readonly string[];
  /** What happened, to see that the disk did fail. */
  readonly refused: number;
  readonly answered: number;
  /** Rounds in which commits failed, and that ended with events in memory of which nobody had been told that they were accepted. */
  readonly failedCommits: number;
  readonly lostInMemory: number;
  readonly rounds: number;
}

/**
 * Lets the disk of the program fail while UDP, TCP and HTTP come in, ends it and starts it again, once for each round. What was
 * accepted must be stored, once, in the order in which it came; what was not must have been refused, or be said to be lost.
 */
export async function failingDiskRounds(
  disk: FailingDisk,
  folder: ProgramFolder,
  rounds: Iterable<Round>,
): Promise<Outcome> {
  const poster = new Poster();
  const problems: string[] = [];
  let [failedCommits, lostInMemory, number] = [0, 0, 0];
  for (const round of rounds) {
    const say = (problem: string) => problems.push(`round ${number}: ${problem}`);
    const { program, isFailing } = await startedOn(disk, folder, round.atStart);
    const [before, refusedBefore] = [storedEvents(folder.store), poster.refused];
    const errors = errorsOf(program);
    let isEnding = false;
    const posting = poster.postUntilGone(program.api).catch((error) => {
      if (!isEnding) say(String(error));
    });
    const senders = [
      sendDatagrams(program.udpPort, SENDERS_PAUSE_MS),
      sendLines(program.tcpPort, number, SENDERS_PAUSE_MS),
    ];
    const watching = watch(program, problems, () => isEnding);
    await sleep(FIRST_MS);
    if (round.atStart !== null && isFailing) await disk.mend(program, round.atStart);
    for (const [place, { fault, forMs, pauseMs }] of round.faults.entries()) {
      await disk.fail(program, fault);
      await sleep(forMs);
      if (place === round.faults.length - 1 && round.endsFailing) continue;
      await disk.mend(program, fault);
      await sleep(pauseMs);
    }
    if (!round.endsFailing)
      await mended(program).catch((error: Error) => say(`not caught up: ${error.message}`));
    isEnding = true;
    const code = await program.end(round.signal);
    for (const sender of senders) sender.stop();
    await posting;
    const [accepted, stored] = [await watching, storedEvents(folder.store) - before];
    if (stored < accepted) say(`${accepted} accepted, ${stored} stored`);
    const failed = program.log.some(({ kind }) => kind === 'commit failed');
    if (failed) failedCommits += 1;
    if (poster.refused > refusedBefore && !failed) say('refused, and the log does not say why');
    if (round.signal === 'SIGTERM' && code !== 0) {
      lostInMemory += 1;
      if (!LOST.test(errors())) say(`exit code ${code}: ${errors()}`);
    }
    number += 1;
  }
  const program = await Program.start(folder, disk.through());
  await poster.post(program.api);
  await watchOnce(program, problems);
  const counts = await program.get<Counts>('/api/v1/counts');
  const code = await program.stop();
  if (code !== 0) problems.push(`exit code ${code}`);
  problems.push(...whatIsWrong(folder.store, poster, counts));
  const [refused, answered] = [poster.refused, poster.answered.size];
  return { problems, refused, answered, failedCommits, lostInMemory, rounds: number };
}

/** A start that fails says so in one line, and the next one succeeds. */
async function startedOn(disk: FailingDisk, folder: ProgramFolder, atStart: Fault | null) {
  if (atStart !== null) {
    try {
      return { program: await Program.start(folder, disk.through(atStart)), isFailing: true };
    } catch (error) {
      if (!(error instanceof Error && REFUSED.test(error.message))) throw error;
    }
  }
  return { program: await Program.start(folder, disk.through()), isFailing: false };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function errorsOf({ child }: Program): () => string {
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  return () => said;
}

function mended(program: Program): Promise<unknown> {
  return until(
    () => program.get<{ detail: { journalTrouble: string | null } }>('/readyz'),
    ({ detail }) => detail.journalTrouble === null,
    MENDED_WITHIN_MS,
  );
}
