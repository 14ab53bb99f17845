import { setTimeout as sleep } from 'node:timers/promises';
import { NatsServers } from '../../test/nats/nats-servers.ts';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median, percentile, spread } from '../statistics.ts';
import { ownRate } from './tcp-lines.ts';
import { mark } from './visible.ts';

const PARTITIONS = 8;
const LIVE_RATE = 1_000;
const BACKGROUND_USERS = 500;
/** Of a mark and the pause before it, as `visible` has them. */
const MARK_MS = 250;
const POLL_MS = 10;
const WITHIN_MS = 300_000;
const TARGET_RATE = 20_000;
const TARGET_RATIO = 0.5;
const TARGET_VISIBLE_MS = 1_000;
const TARGET_LEADER_KILLED_MS = 8_000;
const GIVE_UP_MS = 60_000;
/** Until a server that is back has what it has missed. */
const BACK_AGAIN_MS = 10_000;
const TARGET_CATCH_UP = 5;

export const sites: Scenario = {
  name: 'sites',
  method:
    'an edge, three servers of NATS that write each message to the disk (replicas 3), and a central Headcount, all on this machine: lines a second by TCP from the first byte ' +
    'until the last is committed at the centre, over one Headcount alone in the same round; the Start of a session by UDP until the centre counts it; a centre that was away',
  async run(bench) {
    const servers = await NatsServers.start(3);
    bench.processes.atEnd(() => servers.killAll());
    const nats = { type: 'nats', servers: servers.urls };
    const folders = [0, 1, 2].map(() => bench.processes.createFolder());
    const [edgeFolder = '', centreFolder = '', aloneFolder = ''] = folders;
    const sinks = [{ ...nats, replicas: 3, partitions: PARTITIONS }];
    const edge = await startHeadcount(bench, edgeFolder, { sinks });
    const receivers = [{ type: 'udp', port: 0 }, { type: 'tcp', port: 0 }, nats];
    const startCentre = () => startHeadcount(bench, centreFolder, { receivers });
    let centre = await startCentre();
    const rows = [await visibility(bench, edge, centre), await leaderKilled(bench, servers, edge, centre)];
    const alone = await startHeadcount(bench, aloneFolder);
    rows.push(...(await throughput(bench, edge, centre, alone)));
    await alone.stop();
    await centre.stop();
    const missed = bench.quick ? 20_000 : (LIVE_RATE * 600) / 3;
    await ownRate(bench, edge, 10_000_000, missed);
    centre = await startCentre();
    rows.push(await catchingUp(centre, missed));
    await centre.stop();
    await edge.stop();
    await servers.dispose();
    for (const folder of folders) bench.processes.removeFolder(folder);
    return rows;
  },
};

async function visibility(bench: Bench, edge: Headcount, centre: Headcount): Promise<Row> {
  const starts = { stream: { type: 'starts', from: 0 }, count: BACKGROUND_USERS, rate: 1_000 } as const;
  await measureLoad(bench, edge, starts);
  while ((await centre.createdSessions()) < BACKGROUND_USERS) await sleep(POLL_MS);
  const marks = bench.quick ? 20 : 200;
  const connections = { type: 'connections', users: BACKGROUND_USERS, from: 0 } as const;
  const count = Math.ceil((marks * MARK_MS * LIVE_RATE) / 1_000);
  const load = measureLoad(bench, edge, { stream: connections, count, rate: LIVE_RATE });
  await sleep(1_000);
  const { delays, polls } = await mark(edge, marks, centre).finally(() => load);
  const text = (values: number[], part: number) => `${percentile(values, part).toFixed(0)} ms`;
  return {
    what: `Start of a session at the edge until the centre counts it, ${LIVE_RATE} other events/s, p99 of ${marks} (p50, most)`,
    target: `< ${TARGET_VISIBLE_MS} ms`,
    measured: `${text(delays, 0.99)} (${text(delays, 0.5)}, ${text(delays, 1)})`,
    yardstick: `one request alone: p50 ${text(polls, 0.5)}, p99 ${text(polls, 0.99)}`,
    met: percentile(delays, 0.99) < TARGET_VISIBLE_MS,
  };
}

/** The longest of the marks around a kill of the server that leads the stream, in each round. */
async function leaderKilled(
  bench: Bench,
  servers: NatsServers,
  edge: Headcount,
  centre: Headcount,
): Promise<Row> {
  const longest: number[] = [];
  for (let round = 0; round < (bench.quick ? 1 : 5); round += 1) {
    const connections = { type: 'connections', users: BACKGROUND_USERS, from: 0 } as const;
    const load = measureLoad(bench, edge, { stream: connections, count: 10 * LIVE_RATE, rate: LIVE_RATE });
    const marking = mark(edge, 30, centre, { first: 2_000_000 + 1_000 * round, giveUpMs: GIVE_UP_MS });
    await sleep(2_000);
    const leader = await servers.leaderOf('headcount');
    await servers.kill(leader);
    longest.push(Math.max(...(await marking).delays));
    await load;
    servers.begin(leader);
    await servers.ready();
    await sleep(BACK_AGAIN_MS);
  }
  return {
    what: 'the same with the server killed that leads the stream: the longest',
    target: `< ${TARGET_LEADER_KILLED_MS} ms`,
    measured: spread(longest, 0, ' ms'),
    yardstick: `${longest.length} kills`,
    met: Math.max(...longest) < TARGET_LEADER_KILLED_MS,
  };
}

async function throughput(
  bench: Bench,
  edge: Headcount,
  centre: Headcount,
  alone: Headcount,
): Promise<Row[]> {
  const count = bench.quick ? 30_000 : 200_000;
  const rates = { forwarded: [] as number[], alone: [] as number[] };
  for (let round = 0; round < (bench.quick ? 2 : 5); round += 1) {
    const from = 1_000_000 + round * count;
    rates.forwarded.push(await ownRate(bench, edge, from, count, centre));
    rates.alone.push(await ownRate(bench, alone, from, count));
    bench.say(
      `  round ${round + 1}: ${rates.forwarded.at(-1)?.toFixed(0)} events/s, alone ${rates.alone.at(-1)?.toFixed(0)}`,
    );
  }
  const ratios = rates.forwarded.map((rate, round) => rate / (rates.alone[round] ?? Number.NaN));
  return [
    {
      what: `events a second from an edge until committed at the centre, ${PARTITIONS} partitions`,
      target: `>= ${TARGET_RATE}/s`,
      measured: spread(rates.forwarded, 0, '/s'),
      yardstick: `one Headcount alone ${spread(rates.alone, 0, '/s')}`,
      met: median(rates.forwarded) >= TARGET_RATE,
    },
    {
      what: 'the same / one Headcount alone',
      target: `>= ${TARGET_RATIO}`,
      measured: spread(ratios),
      yardstick: 'in the same round',
      met: median(ratios) >= TARGET_RATIO,
    },
  ];
}

/** From when it is ready until it has what came while it was away. */
async function catchingUp(centre: Headcount, missed: number): Promise<Row> {
  const startedAt = performance.now();
  let accepted = await centre.accepted();
  while (accepted < missed) {
    if (performance.now() - startedAt > WITHIN_MS) break;
    await sleep(POLL_MS);
    accepted = await centre.accepted();
  }
  const rate = accepted / ((performance.now() - startedAt) / 1_000);
  return {
    what: `a centre that was away takes ${missed} events; of the rate at which ${LIVE_RATE} come in a second`,
    target: `>= ${TARGET_CATCH_UP}, none lost`,
    measured: `${(rate / LIVE_RATE).toFixed(0)} times, ${missed - accepted} lost`,
    yardstick: `${rate.toFixed(0)} events/s`,
    met: accepted === missed && rate >= TARGET_CATCH_UP * LIVE_RATE,
  };
}
