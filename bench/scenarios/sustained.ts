import type { Scenario } from '../scenario.ts';
import { measureSideBySide } from '../side-by-side.ts';
import { percentile } from '../statistics.ts';

const RATE = 50_000;
const SAMPLE_MS = 250;
const TARGET_MEBIBYTES = 400;

export const sustained: Scenario = {
  name: 'sustained',
  method: '50,000 datagrams/s for 30 s; lag is the time from the last one sent until all are on the disk',
  async run(bench) {
    const count = RATE * (bench.quick ? 5 : 30);
    const rounds = { rounds: 1, count, rate: RATE, sampleEveryMs: SAMPLE_MS };
    const { bare, headcount } = await measureSideBySide(bench, rounds);
    const [measured, yardstick] = [headcount[0], bare[0]];
    if (measured === undefined || yardstick === undefined) throw new Error('nothing was measured');
    const { lost, explained, lagMs, inFlight, memory } = measured;
    const waiting = `${percentile(inFlight, 0.5)} in flight during (at most ${percentile(inFlight, 1)})`;
    return [
      {
        what: `lost of ${count} at ${RATE}/s`,
        target: '0',
        measured: `${lost}${explained ? '' : ', not all of it counted'}`,
        yardstick: `bare ${yardstick.lost}`,
        met: lost === 0 && explained,
      },
      {
        what: 'lag at the end',
        target: '-',
        measured: `${lagMs.toFixed(0)} ms`,
        yardstick: waiting,
        met: null,
      },
      {
        what: 'peak RSS',
        target: `< ${TARGET_MEBIBYTES} MiB`,
        measured: `${memory.peak.toFixed(0)} MiB`,
        yardstick: `bare ${yardstick.memory.peak.toFixed(0)} MiB`,
        met: memory.peak < TARGET_MEBIBYTES,
      },
    ];
  },
};
