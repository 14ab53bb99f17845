import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { qpsSchema } from '../receivers/qps/qps.schema.ts';
import { createQpsReceiver } from '../receivers/qps/qps.ts';
import { senseFile } from '../test/receivers/qps/stand-in.ts';

/** What a process that polls is told. */
export interface PollerPlan {
  readonly ports: readonly number[];
  readonly virtualProxies: readonly string[];
  /** `bare`: the same answers, only downloaded. */
  readonly way: 'receiver' | 'bare';
  /** Each comes as soon as the last is over. */
  readonly rounds: number;
}

/** What it has measured. */
export interface PollerReport {
  /** CPU of the process for one round of all polls, without the first, in milliseconds. */
  readonly cpuMs: number;
  /** The most CPU that the main thread used between two turns of its event loop, in milliseconds. */
  readonly longestTurnMs: number;
}

/** The machine may be busy. */
const LONGEST_ANSWER_MS = 60_000;
const FILES = { cert: senseFile('client'), key: senseFile('client_key'), ca: senseFile('root') };

process.once('message', async (plan: PollerPlan) => {
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  const run = plan.way === 'bare' ? pollBare : pollAsReceiver;
  let before = 0;
  let turns = { stop: () => 0 };
  await run(plan, () => {
    before = cpu();
    turns = watchTurns();
  });
  const report: PollerReport = { cpuMs: (cpu() - before) / plan.rounds, longestTurnMs: turns.stop() };
  process.send?.(report);
});
process.once('disconnect', () => process.exit(0));

/** `warm` is called after the first round: connections are open then, and the code has run once. */
async function pollAsReceiver(
  { ports, virtualProxies, rounds }: PollerPlan,
  warm: () => void,
): Promise<void> {
  const servers = ports.map((port, n) => ({
    host: '127.0.0.1',
    servername: 'sense1',
    node: `n${n}`,
    port,
    virtualProxies,
  }));
  const config = qpsSchema.parse({
    type: 'qps',
    interval: '1s',
    timeout: '1s',
    certificates: FILES,
    servers,
  });
  const log = { info: () => {}, warn: (fields: object, message: string) => console.error(message, fields) };
  const trouble = (kind: string, sample: string) => console.error(kind, sample);
  const parts = { name: 'qps', storeId: 's', now: Date.now, folder: '.', log, trouble, isFull: () => false };
  const world = {
    wait: () => nextTurn(),
    timeout: () => AbortSignal.timeout(LONGEST_ANSWER_MS),
    createKey: () => 'abcdefghijklmnop',
  };
  const receiver = createQpsReceiver(config, parts, world);
  const { promise, resolve } = Promise.withResolvers<void>();
  const each = ports.length * virtualProxies.length;
  let answered = 0;
  const count = (): void => {
    answered += 1;
    if (answered === each) warm();
    if (answered === each * (rounds + 1)) resolve();
  };
  await receiver.start({ snapshot: async () => count(), snapshotFailed: count });
  await promise;
  await receiver.stop();
}

async function pollBare({ ports, virtualProxies, rounds }: PollerPlan, warm: () => void): Promise<void> {
  const [cert, key, ca] = [FILES.cert, FILES.key, FILES.ca].map((file) => readFileSync(file, 'utf8'));
  const agents = ports.map(() => new Agent({ cert, key, ca, keepAlive: true, maxSockets: 1 }));
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) warm();
    await Promise.all(
      ports.map(async (port, n) => {
        for (const path of virtualProxies) {
          const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
          const options = { host: '127.0.0.1', port, path, servername: 'sense1', agent: agents[n] };
          get(options, (response) => buffer(response).then(resolve, reject)).on('error', reject);
          await promise;
        }
      }),
    );
  }
  for (const agent of agents) agent.destroy();
}

/** Looks once each turn of the event loop how much CPU the thread has used since the last. */
function watchTurns(): { stop(): number } {
  let last = process.threadCpuUsage();
  let longest = 0;
  let isOver = false;
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    longest = Math.max(longest, (user + system) / 1_000);
    last = process.threadCpuUsage();
    if (!isOver) setTimeout(look, 1);
  };
  look();
  return {
    stop: () => {
      isOver = true;
      return longest;
    },
  };
}
