import type { Row, Scenario } from '../scenario.ts';
import { measureSideBySide, type SideBySide } from '../side-by-side.ts';
import { median, spread } from '../statistics.ts';

const RATES = [20_000, 50_000];
const TARGET_RATIO = 2.8;

export const cpuPerEvent: Scenario = {
  name: 'cpu-per-event',
  method:
    'user + system CPU of the whole receiving process per 330-byte datagram, sent in 1 ms ticks, over the CPU ' +
    'of a bare counting receiver in the same round',
  async run(bench) {
    const rows: Row[] = [];
    for (const rate of RATES) {
      bench.say(`${rate}/s`);
      const count = rate * (bench.quick ? 2 : 10);
      rows.push(
        ...rowsOf(rate, await measureSideBySide(bench, { rounds: bench.quick ? 2 : 5, count, rate })),
      );
    }
    return rows;
  },
};

function rowsOf(rate: number, { bare, headcount }: SideBySide): Row[] {
  const ratios = headcount.map(({ cpuMicros }, round) => cpuMicros / (bare[round]?.cpuMicros ?? Number.NaN));
  const micros = (side: SideBySide['bare']) =>
    spread(
      side.map(({ cpuMicros }) => cpuMicros),
      1,
      ' us',
    );
  const lost = (side: SideBySide['bare']) => side.reduce((sum, each) => sum + each.lost, 0);
  const peak = Math.max(...headcount.map(({ memory }) => memory.peak));
  return [
    {
      what: `CPU per event at ${rate}/s, Headcount / bare`,
      target: `<= ${TARGET_RATIO.toFixed(1)}`,
      measured: spread(ratios),
      yardstick: `bare ${micros(bare)}, Headcount ${micros(headcount)}`,
      met: median(ratios) <= TARGET_RATIO,
    },
    {
      what: `lost at ${rate}/s, all of it counted`,
      target: '0',
      measured: `${lost(headcount)}; peak RSS ${peak.toFixed(0)} MiB`,
      yardstick: `bare ${lost(bare)}`,
      met: lost(headcount) === 0 && headcount.every(({ explained }) => explained),
    },
  ];
}
