import { type Measured, measureLoad } from '../measure.ts';
import { cpuTime } from '../process-usage.ts';
import { startPair } from '../questdb.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { untilDelivered } from '../sinks.ts';
import { median, spread } from '../statistics.ts';
import { startBareReceiver } from '../target.ts';

const RATE = 20_000;
const USERS = 2_000;
const WARM_UP_EVENTS = 60_000;
const TARGET_RATIO = 8;

export const sinkCpu: Scenario = {
  name: 'sink-cpu',
  method:
    'CPU of the whole Headcount process per datagram, from the first one until QuestDB has taken every event, session and ' +
    'count, over the CPU of a bare counting receiver in the same round',
  async run(bench) {
    const { ratios, bare, headcount } = await rounds(
      bench,
      bench.quick ? 2 : 5,
      RATE * (bench.quick ? 2 : 10),
    );
    return [
      {
        what: `CPU per event with the QuestDB sink at ${RATE}/s, Headcount / bare`,
        target: `<= ${TARGET_RATIO.toFixed(1)}`,
        measured: spread(ratios),
        yardstick: `bare ${spread(bare, 1, ' us')}, Headcount ${spread(headcount, 1, ' us')}`,
        met: median(ratios) <= TARGET_RATIO,
      },
    ];
  },
};

async function rounds(bench: Bench, count: number, events: number) {
  const bare = await startBareReceiver(bench);
  const pair = await startPair(bench);
  const { headcount } = pair;
  const result = { ratios: [] as number[], bare: [] as number[], headcount: [] as number[] };
  const plan = (from: number, n: number) =>
    ({ stream: { type: 'life', users: USERS, from }, count: n, rate: RATE }) as const;
  for (const target of [bare, headcount]) await measureLoad(bench, target, plan(0, WARM_UP_EVENTS));
  for (let round = 0; round < count; round += 1) {
    const from = WARM_UP_EVENTS + round * events;
    const yardstick = await measureLoad(bench, bare, plan(from, events));
    await untilDelivered(headcount);
    const before = cpuTime(headcount.pid).total;
    const measured: Measured = await measureLoad(bench, headcount, plan(from, events));
    if (measured.lost > 0) bench.say(`  ! ${measured.lost} lost${measured.explained ? ', counted' : ''}`);
    const { cpu } = await untilDelivered(headcount);
    const micros = ((cpu - before) * 1e6) / events;
    result.bare.push(yardstick.cpuMicros);
    result.headcount.push(micros);
    result.ratios.push(micros / yardstick.cpuMicros);
    bench.say(
      `  round ${round + 1}: bare ${yardstick.cpuMicros.toFixed(1)} us, Headcount ${micros.toFixed(1)} us`,
    );
  }
  await bare.stop();
  await pair.dispose();
  return result;
}
