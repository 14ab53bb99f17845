import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { cpuTime, memory } from '../process-usage.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';
import { startBareServer } from './bare.ts';
import type { BeatPlan, BeatReport } from './beat-load.ts';

const SESSIONS = 10_000;
const SESSIONS_OF_POST = 50;
const TARGET_PERCENT = 3;
const TARGET_MEBIBYTES = 60;
const WITHIN_MS = 10_000;
/** Sessions that nothing is heard of end after five minutes; with what may be late. */
const TIMEOUT_MS = 330_000;

const ingestSchema = z.object({ accepted: z.number(), heartbeats: z.number() });

export const clientHeartbeats: Scenario = {
  name: 'client-heartbeats',
  method:
    `${SESSIONS} clients that each beat once a minute, each on a connection of its own; beside them, in the same seconds, the same program ` +
    'with as many sessions and no beats, and a bare Fastify with the beats; their CPU and memory, and who is still on when silent sessions have timed out',
  async run(bench) {
    const [beaten, silent] = [await withSessions(bench), await withSessions(bench)];
    const bare = await startBareServer(bench);
    const windowMs = bench.quick ? 5_000 : 40_000;
    await sleep(windowMs / 4);
    const before = ingestSchema.parse(await beaten.headcount.ingest());
    const ports = [Number(new URL(beaten.headcount.api).port), bare.port];
    const [client, ofBare] = ports.map((port) => startBeats(bench, { port, clients: SESSIONS })) as [
      ChildProcess,
      ChildProcess,
    ];
    const startedAt = performance.now();
    const shares = { beaten: [] as number[], silent: [] as number[], bare: [] as number[] };
    for (let window = 0; window < (bench.quick ? 3 : 6); window += 1) {
      const pids = [beaten.headcount.pid, silent.headcount.pid, bare.pid];
      const mainBefore = cpuTime(beaten.headcount.pid).mainThread;
      const [ours = NaN, without = NaN, theirs = NaN] = await sharesOf(pids, windowMs);
      const main = ((cpuTime(beaten.headcount.pid).mainThread - mainBefore) * 100_000) / windowMs;
      const [all, ofMain, silence, plain] = [ours, main, without, theirs].map((each) => each.toFixed(1));
      bench.say(
        `  window ${window + 1}: ${all} % of a core (main thread ${ofMain}), without beats ${silence}, bare ${plain}`,
      );
      // The first one warms them up.
      if (window === 0) continue;
      shares.beaten.push(ours);
      shares.silent.push(without);
      shares.bare.push(theirs);
    }
    await stop(ofBare, 'SIGKILL');
    await bare.stop();
    const now = { beaten: memory(beaten.headcount.pid).now, silent: memory(silent.headcount.pid).now };
    if (!bench.quick) await sleep(Math.max(0, TIMEOUT_MS - (performance.now() - startedAt)));
    client.send('report');
    const report = await nextMessage<BeatReport>(client, WITHIN_MS);
    const on = [await beaten.headcount.activeSessions(), await silent.headcount.activeSessions()];
    const after = ingestSchema.parse(await beaten.headcount.ingest());
    await stop(client, 'SIGKILL');
    for (const { headcount, folder } of [beaten, silent]) {
      await headcount.stop();
      bench.processes.removeFolder(folder);
    }
    const rows = after.accepted - before.accepted;
    const grown = now.beaten - now.silent;
    return [
      {
        what: `${SESSIONS} sessions that beat once a minute: share of a core`,
        target: `< ${TARGET_PERCENT} %`,
        measured: spread(shares.beaten, 1, ' %'),
        yardstick: `the same sessions without beats ${spread(shares.silent, 1, ' %')}, bare Fastify with the beats ${spread(shares.bare, 1, ' %')}`,
        met: median(shares.beaten) < TARGET_PERCENT,
      },
      {
        what: 'the same: memory beyond that of the program without beats',
        target: `< ${TARGET_MEBIBYTES} MiB`,
        measured: `${grown.toFixed(0)} MiB`,
        yardstick: `${now.silent.toFixed(0)} MiB without`,
        met: grown < TARGET_MEBIBYTES,
      },
      {
        what: 'the same: rows of them; beats that were not heard; sessions that are on in the end',
        target: `0; 0; ${SESSIONS}`,
        measured: `${rows}; ${report.failed} of ${report.sent}; ${on[0]}`,
        yardstick: `counted as heartbeats ${after.heartbeats - before.heartbeats}; on without beats ${on[1]}; connections kept ${report.open}`,
        met: rows === 0 && report.failed === 0 && on[0] === SESSIONS,
      },
    ];
  },
};

async function withSessions(bench: Bench): Promise<{ headcount: Headcount; folder: string }> {
  const folder = bench.processes.createFolder();
  const headcount = await startHeadcount(bench, folder, {
    receivers: [
      { type: 'udp', port: 0 },
      { type: 'tcp', port: 0 },
      { type: 'exceptionless', name: 'bench-clients' },
    ],
  });
  for (let n = 0; n < SESSIONS; n += SESSIONS_OF_POST) {
    const date = new Date().toISOString();
    const starts = Array.from({ length: SESSIONS_OF_POST }, (_, place) => ({
      ...{ type: 'session', date },
      data: { '@user': { identity: `LAB\\user-${n + place}` } },
    }));
    const answer = await fetch(`${headcount.api}/api/v2/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(starts),
    });
    if (answer.status !== 202) throw new Error(`starts were answered ${answer.status}`);
  }
  return { headcount, folder };
}

function startBeats(bench: Bench, plan: BeatPlan): ChildProcess {
  const client = bench.processes.fork('./clients/beat-load.ts');
  client.send(plan);
  return client;
}

/** Percent of a core that each has used in the same time. */
async function sharesOf(pids: readonly number[], forMs: number): Promise<number[]> {
  const before = pids.map((pid) => cpuTime(pid).total);
  const startedAt = performance.now();
  await sleep(forMs);
  const seconds = (performance.now() - startedAt) / 1_000;
  return pids.map((pid, place) => ((cpuTime(pid).total - (before[place] ?? 0)) / seconds) * 100);
}
