import { setTimeout as sleep } from 'node:timers/promises';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';
import type { TcpPlan } from '../tcp-load.ts';

const USERS = 2_000;
const TARGET_RATIO = 0.6;
const WITHIN_MS = 120_000;
const POLL_MS = 10;

export const tcpLines: Scenario = {
  name: 'tcp-lines',
  method:
    'lines a second over one TCP connection, from the first byte until the last is accepted (committed), over what the ' +
    'journal alone takes of the same events, parsed and applied beforehand, with the sessions and connections that come of them, in the ' +
    'same round',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const count = bench.quick ? 50_000 : 300_000;
    const rates = { ours: [] as number[], bare: [] as number[] };
    await ownRate(bench, headcount, 0, 40_000);
    for (let round = 0; round < (bench.quick ? 2 : 5); round += 1) {
      rates.ours.push(await ownRate(bench, headcount, 40_000 + round * count, count));
      rates.bare.push(await bareRate(bench, count));
      bench.say(
        `  round ${round + 1}: ${rates.ours.at(-1)?.toFixed(0)} lines/s, journal alone ${rates.bare.at(-1)?.toFixed(0)}`,
      );
    }
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
    return [
      {
        what: 'TCP lines a second, whole path / journal alone',
        target: `>= ${TARGET_RATIO}`,
        measured: spread(ratios),
        yardstick: `Headcount ${spread(rates.ours, 0, '/s')}, journal alone ${spread(rates.bare, 0, '/s')}`,
        met: median(ratios) >= TARGET_RATIO,
      },
    ];
  },
};

/** Lines a second from the first byte until the last is accepted, there or by `last`, which gets them from there. */
export async function ownRate(
  bench: Bench,
  headcount: Headcount,
  from: number,
  count: number,
  last: Pick<Headcount, 'accepted'> = headcount,
): Promise<number> {
  const sender = bench.processes.fork('./tcp-load.ts');
  const stream = { type: 'life', users: USERS, from } as const;
  sender.send({ port: headcount.tcpPort, stream, count } satisfies TcpPlan);
  await nextMessage(sender, WITHIN_MS);
  const before = await last.accepted();
  const startedAt = performance.now();
  sender.send('go');
  while ((await last.accepted()) < before + count) {
    if (performance.now() - startedAt > WITHIN_MS) throw new Error('not every line was accepted');
    await sleep(POLL_MS);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  await stop(sender, 'SIGKILL');
  return count / seconds;
}

async function bareRate(bench: Bench, count: number): Promise<number> {
  const journal = bench.processes.fork('./bare-journal.ts');
  journal.send({ stream: { type: 'life', users: USERS, from: 0 }, count });
  const rate = await nextMessage<number>(journal, WITHIN_MS);
  await stop(journal, 'SIGTERM');
  return rate;
}
