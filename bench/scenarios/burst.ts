import { largestReceiveBuffer } from '../process-usage.ts';
import type { Scenario } from '../scenario.ts';
import { measureSideBySide } from '../side-by-side.ts';
import { spread } from '../statistics.ts';

const BURST = 10_000;

export const burst: Scenario = {
  name: 'burst',
  method:
    'datagrams lost of 10,000 sent back to back; each must be counted: sent = received + kernelDropped + ringDropped',
  async run(bench) {
    bench.say(`net.core.rmem_max allows a receive buffer of ${largestReceiveBuffer()} bytes`);
    const rounds = { rounds: bench.quick ? 2 : 5, count: BURST, rate: null };
    const { bare, headcount } = await measureSideBySide(bench, rounds);
    const lost = (side: typeof bare) =>
      spread(
        side.map((each) => each.lost),
        0,
      );
    const rates = spread(
      headcount.map(({ rate }) => rate),
      0,
      '/s',
    );
    const explained = headcount.filter((each) => each.explained).length;
    return [
      {
        what: `lost of a burst of ${BURST}`,
        target: '0',
        measured: lost(headcount),
        yardstick: `bare ${lost(bare)}; sent at ${rates}; rmem_max ${largestReceiveBuffer()}`,
        met: headcount.every((each) => each.lost === 0),
      },
      {
        what: 'bursts where sent = received + kernelDropped + ringDropped',
        target: 'all',
        measured: `${explained} of ${headcount.length}`,
        yardstick: `bare ${bare.filter((each) => each.explained).length} of ${bare.length}`,
        met: explained === headcount.length,
      },
    ];
  },
};
