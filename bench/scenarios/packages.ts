import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeExecutable } from '../../packages/executable.ts';
import { bundleProgram } from '../../packages/program.ts';
import { startHeadcount } from '../headcount.ts';
import { memory } from '../process-usage.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';

const ROUNDS = 9;
const TARGET_SECONDS = 1.5;
const TARGET_MEGABYTES = 150;

interface Start {
  readonly seconds: number;
  /** MiB. */
  readonly memory: number;
}

/** One start with an empty store, until `/readyz` says 200. */
async function start(bench: Bench, command?: readonly string[]): Promise<Start> {
  const folder = bench.processes.createFolder();
  const headcount = await startHeadcount(bench, folder, {}, command);
  const started = { seconds: headcount.startedWithinMs / 1_000, memory: memory(headcount.pid).now };
  await headcount.stop();
  bench.processes.removeFolder(folder);
  return started;
}

export const packages: Scenario = {
  name: 'packages',
  method: `time from the start of the process until /readyz says 200, with an empty store; from source, from the package for npm and from the executable in turns, ${ROUNDS} times`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const program = await bundleProgram();
    mkdirSync(join(folder, 'program'));
    for (const [name, code] of program.modules) writeFileSync(join(folder, 'program', name), code);
    const executable = join(folder, 'headcount');
    makeExecutable(program, 'linux-x64', process.execPath, executable);
    const fromNpm = [process.execPath, '--max-semi-space-size=8', join(folder, 'program/headcount.js')];

    const source: Start[] = [];
    const npm: Start[] = [];
    const single: Start[] = [];
    for (let round = 0; round < (bench.quick ? 2 : ROUNDS); round += 1) {
      source.push(await start(bench));
      npm.push(await start(bench, fromNpm));
      single.push(await start(bench, [executable]));
      bench.say(
        `round ${round + 1}: ${[source, npm, single].map((all) => all.at(-1)?.seconds.toFixed(2)).join(' ')} s`,
      );
    }
    const megabytes = statSync(executable).size / 1e6;
    bench.processes.removeFolder(folder);

    const secondsOf = (all: readonly Start[]) => all.map(({ seconds }) => seconds);
    const ratioOf = (all: readonly Start[]) =>
      spread(all.map(({ seconds }, round) => seconds / (source[round]?.seconds ?? Number.NaN)));
    const memoryOf = (all: readonly Start[]) => `${median(all.map((one) => one.memory)).toFixed(0)} MiB`;
    const fromSource = `from source ${spread(secondsOf(source), 2, ' s')}`;
    return [
      {
        what: 'the executable, from start to ready',
        target: `< ${TARGET_SECONDS} s`,
        measured: spread(secondsOf(single), 2, ' s'),
        yardstick: fromSource,
        met: median(secondsOf(single)) < TARGET_SECONDS,
      },
      {
        what: 'the same / from source; the package for npm / from source',
        target: '',
        measured: `${ratioOf(single)}; ${ratioOf(npm)}`,
        yardstick: fromSource,
        met: null,
      },
      {
        what: 'size of the executable for Linux',
        target: `< ${TARGET_MEGABYTES} MB`,
        measured: `${megabytes.toFixed(0)} MB`,
        yardstick: `Node alone ${(statSync(process.execPath).size / 1e6).toFixed(0)} MB`,
        met: megabytes < TARGET_MEGABYTES,
      },
      {
        what: 'memory when ready: executable; package for npm',
        target: '',
        measured: `${memoryOf(single)}; ${memoryOf(npm)}`,
        yardstick: `from source ${memoryOf(source)}`,
        met: null,
      },
    ];
  },
};
