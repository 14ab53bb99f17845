import { FAULTS, FailingDisk, type Fault } from '../program/failing-disk.ts';
import { failingDiskRounds, type Round } from '../program/failing-disk-rounds.ts';
import { type FailingStart, failingStarts } from '../program/failing-starts.ts';
import { ProgramFolder } from '../program/program.ts';

/**
 * For ten minutes, or as many as are given: nothing answered 202 is lost or doubled, refusals are said, counts equal a twin's. With `starts`
 * behind the minutes reads fail at each start instead: it is refused and changes nothing, or it has all that was accepted.
 */
const [, , minutes = '10', what] = process.argv;
const forMs = Number(minutes) * 60_000;
const until = performance.now() + forMs;

const ANY: readonly Fault[] = Object.values(FAULTS);
const IN_ROUND = 4;
const AT_START: readonly Fault[] = [FAULTS.noSync, FAULTS.noRoom, FAULTS.everything];

const upTo = (ms: number) => Math.random() * ms;
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;

function* rounds(): Generator<Round> {
  while (performance.now() < until) {
    const faults = Array.from({ length: 1 + Math.floor(upTo(IN_ROUND)) }, () => ({
      ...{ fault: oneOf(ANY), forMs: 50 + upTo(3_000), pauseMs: upTo(1_500) },
    }));
    yield {
      faults,
      atStart: Math.random() < 0.3 ? oneOf(AT_START) : null,
      endsFailing: Math.random() < 0.6,
      signal: Math.random() < 0.7 ? 'SIGKILL' : 'SIGTERM',
    };
  }
}

function* starts(): Generator<FailingStart> {
  while (performance.now() < until) {
    // From every read to one of a thousand.
    yield { chance: 10 ** -upTo(3), after: Math.random() < 0.7 ? 'SIGKILL' : 'SIGTERM' };
  }
}

const folder = new ProgramFolder();
const disk = new FailingDisk(folder.path);
const outcome =
  what === 'starts'
    ? await failingStarts(disk, folder, starts())
    : await failingDiskRounds(disk, folder, rounds());
const { problems, ...happened } = outcome;
console.log(JSON.stringify(happened));
for (const problem of problems) console.log(problem);
if (problems.length === 0) {
  folder.dispose();
  console.log(
    what === 'starts'
      ? 'nothing lost'
      : 'nothing lost, nothing doubled, every refusal said, counts equal the twin',
  );
} else {
  console.log(`FAILED; the store is in ${folder.store}`);
  process.exitCode = 1;
}
