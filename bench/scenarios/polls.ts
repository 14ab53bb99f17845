import type { ServersPlan } from '../polled-server.ts';
import type { PollerPlan, PollerReport } from '../poller.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';

const SERVERS = 8;
const VIRTUAL_PROXIES = ['/', '/sales', '/finance', '/hr'];
const SESSIONS = 500;
const INTERVAL_MS = 30_000;
const TARGET_PERCENT = 1;
const MANY_SESSIONS = 100_000;
const TARGET_TURN_MS = 50;
const WITHIN_MS = 300_000;

export const polls: Scenario = {
  name: 'polls',
  method:
    `CPU of one round of polls of ${SERVERS} hosts with ${VIRTUAL_PROXIES.length} virtual proxies of ${SESSIONS} sessions each, ` +
    'as a part of one core when there is a round every 30 s; bare is a download of the same answers over the same TLS. Then the most ' +
    `CPU in one turn of the event loop while an answer with ${MANY_SESSIONS} sessions is read`,
  async run(bench) {
    const usual = { servers: SERVERS, sessions: SESSIONS };
    const share = ({ cpuMs }: PollerReport) => (cpuMs / INTERVAL_MS) * 100;
    const receiver: number[] = [];
    const bare: number[] = [];
    for (let n = 0; n < (bench.quick ? 1 : 3); n += 1) {
      const rounds = bench.quick ? 3 : 15;
      receiver.push(
        share(await measure(bench, usual, { way: 'receiver', virtualProxies: VIRTUAL_PROXIES, rounds })),
      );
      bare.push(share(await measure(bench, usual, { way: 'bare', virtualProxies: VIRTUAL_PROXIES, rounds })));
    }
    const many = { servers: 1, sessions: MANY_SESSIONS };
    const large = await measure(bench, many, {
      way: 'receiver',
      virtualProxies: ['/'],
      rounds: bench.quick ? 1 : 5,
    });
    return [
      {
        what: `polls of ${SERVERS} x ${VIRTUAL_PROXIES.length} x ${SESSIONS} sessions every 30 s, share of a core`,
        target: `< ${TARGET_PERCENT} %`,
        measured: spread(receiver, 2, ' %'),
        yardstick: `bare ${spread(bare, 2, ' %')}`,
        met: median(receiver) < TARGET_PERCENT,
      },
      {
        what: `CPU of the longest turn while ${MANY_SESSIONS} sessions are read`,
        target: `< ${TARGET_TURN_MS} ms`,
        measured: `${large.longestTurnMs.toFixed(0)} ms`,
        yardstick: `${large.cpuMs.toFixed(0)} ms for the whole answer`,
        met: large.longestTurnMs < TARGET_TURN_MS,
      },
    ];
  },
};

async function measure(
  bench: Bench,
  servers: ServersPlan,
  plan: Omit<PollerPlan, 'ports'>,
): Promise<PollerReport> {
  const serving = bench.processes.fork('./polled-server.ts');
  const polling = bench.processes.fork('./poller.ts');
  try {
    serving.send(servers);
    const { ports } = await nextMessage<{ readonly ports: readonly number[] }>(serving, WITHIN_MS);
    polling.send({ ...plan, ports } satisfies PollerPlan);
    return await nextMessage<PollerReport>(polling, WITHIN_MS);
  } finally {
    await stop(polling, 'SIGKILL');
    await stop(serving, 'SIGKILL');
  }
}
