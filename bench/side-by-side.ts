import { type Headcount, startHeadcount } from './headcount.ts';
import { type Measured, measureLoad } from './measure.ts';
import type { Bench } from './scenario.ts';
import { startBareReceiver, type Target } from './target.ts';

/** Users who take turns; three quarters of them have a session at any time. */
const USERS = 2_000;
/** Until V8 has compiled what is hot. */
const WARM_UP_EVENTS = 40_000;

export interface SideBySide {
  /** One after the other, never at once; both start on an empty store and a cold machine. */
  readonly bare: Measured[];
  readonly headcount: Measured[];
}

export interface Rounds {
  readonly rounds: number;
  /** Datagrams in each round. */
  readonly count: number;
  /** Datagrams a second; null is back to back. */
  readonly rate: number | null;
  /** Warm up at this rate. */
  readonly warmUpRate?: number;
  readonly sampleEveryMs?: number;
}

/**
 * The same load to the bare receiver and to Headcount in turns, so that a noisy machine disturbs both. Each
 * round changes who goes first.
 */
export async function measureSideBySide(bench: Bench, rounds: Rounds): Promise<SideBySide> {
  const folder = bench.processes.createFolder();
  const bare = await startBareReceiver(bench);
  const headcount = await startHeadcount(bench, folder);
  const results: SideBySide = { bare: [], headcount: [] };
  const warmUp = { count: WARM_UP_EVENTS, rate: rounds.warmUpRate ?? rounds.rate ?? 10_000 };
  for (const target of [bare, headcount]) await life(bench, target, 0, warmUp);
  for (let round = 0; round < rounds.rounds; round += 1) {
    const from = WARM_UP_EVENTS + round * rounds.count;
    const order = round % 2 === 0 ? ([bare, headcount] as const) : ([headcount, bare] as const);
    for (const target of order) {
      const measured = await life(bench, target, from, rounds);
      results[target === bare ? 'bare' : 'headcount'].push(measured);
      bench.say(describe(target, round, measured));
    }
  }
  await stopBoth(bare, headcount);
  bench.processes.removeFolder(folder);
  return results;
}

function life(
  bench: Bench,
  target: Target,
  from: number,
  { count, rate, sampleEveryMs = 0 }: Pick<Rounds, 'count' | 'rate' | 'sampleEveryMs'>,
): Promise<Measured> {
  const stream = { type: 'life', users: USERS, from } as const;
  return measureLoad(bench, target, { stream, count, rate }, { sampleEveryMs });
}

async function stopBoth(bare: Target, headcount: Headcount): Promise<void> {
  await bare.stop();
  await headcount.stop();
}

/** One round of one receiver, on one line. */
export function describe(target: Target, round: number, measured: Measured): string {
  const { rate, cpuMicros, mainThreadPart, lost, explained, memory, load } = measured;
  const parts = [
    `${rate.toFixed(0)}/s (largest tick ${load.largestTick})`,
    `${cpuMicros.toFixed(1)} us/event, main thread ${(mainThreadPart * 100).toFixed(0)} %`,
    `lost ${lost}${explained ? '' : ' NOT EXPLAINED'}`,
    `${memory.now.toFixed(0)} MiB`,
  ];
  return `  round ${round + 1} ${target.name.padEnd(9)} ${parts.join('; ')}`;
}
