import type { Scenario } from '../scenario.ts';
import { measureSideBySide } from '../side-by-side.ts';
import { median, spread } from '../statistics.ts';

const RATE = 1_000;
const TARGET_PERCENT = 5;

export const coreShare: Scenario = {
  name: 'core-share',
  method: 'user + system CPU of the whole receiving process at 1,000 datagrams/s, as a part of one core',
  async run(bench) {
    const seconds = bench.quick ? 5 : 20;
    const rounds = { rounds: bench.quick ? 1 : 3, count: RATE * seconds, rate: RATE, warmUpRate: 10_000 };
    const { bare, headcount } = await measureSideBySide(bench, rounds);
    const percent = (side: typeof bare) => side.map((each) => each.coreShare * 100);
    return [
      {
        what: `share of a core at ${RATE}/s`,
        target: `<= ${TARGET_PERCENT} %`,
        measured: spread(percent(headcount), 1, ' %'),
        yardstick: `bare ${spread(percent(bare), 1, ' %')}`,
        met: median(percent(headcount)) <= TARGET_PERCENT,
      },
    ];
  },
};
