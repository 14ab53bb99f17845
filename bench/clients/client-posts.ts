import { startHeadcount } from '../headcount.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, percentile, spread } from '../statistics.ts';
import { startBareServer } from './bare.ts';
import { EVENTS_OF_POST } from './client-events.ts';
import type { PostPlan, PostReport } from './post-load.ts';

const PATH = '/api/v2/events';
const TARGET_RATE = 5_000;
const RATE = 1_000;
const TARGET_P99_MS = 100;
const WITHIN_MS = 300_000;
/** Nobody is to be held up by the limit of one address. */
const RECEIVERS = [
  { type: 'udp', port: 0 },
  { type: 'tcp', port: 0 },
  { type: 'http' },
  { type: 'exceptionless', name: 'bench-clients', eventsPerMinute: 100_000_000 },
];

export const clientPosts: Scenario = {
  name: 'client-posts',
  method:
    `events a second of one client process that posts ${EVENTS_OF_POST} each, eight posts under way, until the last is answered (committed); the ` +
    `same number by POST /api/v1/events, and to a bare Fastify that reads the JSON, in turn; then answers at ${RATE} events/s`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder, { receivers: RECEIVERS });
    const bare = await startBareServer(bench);
    const port = Number(new URL(headcount.api).port);
    const posts = bench.quick ? 200 : 2_000;
    const rates = { clients: [] as number[], items: [] as number[], bare: [] as number[] };
    // The first round warms all of them up.
    for (let round = 0; round < (bench.quick ? 3 : 6); round += 1) {
      const before = await headcount.accepted();
      const plan = { run: `r${round}`, posts, postsPerSecond: null };
      const clients = await rate(bench, { ...plan, port, path: PATH, what: 'client' });
      const accepted = (await headcount.accepted()) - before;
      if (accepted !== posts * EVENTS_OF_POST)
        throw new Error(`of ${posts} posts ${accepted} events were accepted`);
      const items = await rate(bench, { ...plan, port, path: '/api/v1/events', what: 'items' });
      const theirs = await rate(bench, { ...plan, port: bare.port, path: PATH, what: 'client' });
      const texts = [clients, items, theirs].map((each) => each.toFixed(0));
      bench.say(`  round ${round}: clients ${texts[0]} events/s, items ${texts[1]}, bare ${texts[2]}`);
      if (round === 0) continue;
      rates.clients.push(clients);
      rates.items.push(items);
      rates.bare.push(theirs);
    }
    const paced = { run: 'paced', posts: bench.quick ? 100 : 1_200, postsPerSecond: RATE / EVENTS_OF_POST };
    const ours = await load(bench, { ...paced, port, path: PATH, what: 'client' });
    const theirs = await load(bench, { ...paced, port: bare.port, path: PATH, what: 'client' });
    await bare.stop();
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const ms = ({ answersMs }: PostReport, part: number) => percentile(answersMs, part).toFixed(1);
    return [
      {
        what: `events a second of one client process, ${EVENTS_OF_POST} a post, committed`,
        target: `>= ${TARGET_RATE}/s`,
        measured: spread(rates.clients, 0, '/s'),
        yardstick: `POST /api/v1/events ${spread(rates.items, 0, '/s')}, bare Fastify ${spread(rates.bare, 0, '/s')}`,
        met: median(rates.clients) >= TARGET_RATE,
      },
      {
        what: `answer to a post at ${RATE} events/s, p99 of ${paced.posts} (p50, most)`,
        target: `< ${TARGET_P99_MS} ms`,
        measured: `${ms(ours, 0.99)} ms (${ms(ours, 0.5)}, ${ms(ours, 1)})`,
        yardstick: `bare Fastify ${ms(theirs, 0.99)} ms (${ms(theirs, 0.5)}, ${ms(theirs, 1)})`,
        met: percentile(ours.answersMs, 0.99) < TARGET_P99_MS,
      },
    ];
  },
};

async function rate(bench: Bench, plan: PostPlan): Promise<number> {
  const { seconds } = await load(bench, plan);
  return (plan.posts * EVENTS_OF_POST) / seconds;
}

async function load(bench: Bench, plan: PostPlan): Promise<PostReport> {
  const client = bench.processes.fork('./clients/post-load.ts');
  try {
    client.send(plan);
    return await nextMessage<PostReport>(client, WITHIN_MS);
  } finally {
    await stop(client, 'SIGTERM');
  }
}
