import { setTimeout as sleep } from 'node:timers/promises';
import { startHeadcount } from '../headcount.ts';
import type { IdlePlan } from '../idle-connections.ts';
import { memory } from '../process-usage.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Scenario } from '../scenario.ts';
import type { TcpPlan } from '../tcp-load.ts';

const CONNECTIONS = 10_000;
/** Of a client that sends beside them. */
const LINES = 50_000;
const TARGET_MEBIBYTES = 150;
const WITHIN_MS = 60_000;
const POLL_MS = 50;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  method:
    `resident memory with ${CONNECTIONS} TCP connections that say nothing, less that before they came; then ${LINES} lines of ` +
    'one client beside them, all of which must be accepted',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const connections = bench.quick ? 1_000 : CONNECTIONS;
    const most = CONNECTIONS + 10;
    const receivers = [
      { type: 'udp', port: 0 },
      { type: 'tcp', port: 0, maxConnections: most, maxConnectionsPerAddress: most },
    ];
    const headcount = await startHeadcount(bench, folder, { receivers });
    const send = async (): Promise<number> => {
      const before = await headcount.accepted();
      const sender = bench.processes.fork('./tcp-load.ts');
      const stream = { type: 'life', users: 2_000, from: before } as const;
      sender.send({ port: headcount.tcpPort, stream, count: LINES } satisfies TcpPlan);
      await nextMessage(sender, WITHIN_MS);
      const startedAt = performance.now();
      sender.send('go');
      while ((await headcount.accepted()) < before + LINES) {
        if (performance.now() - startedAt > WITHIN_MS) throw new Error('not every line was accepted');
        await sleep(POLL_MS);
      }
      await stop(sender, 'SIGKILL');
      return performance.now() - startedAt;
    };
    const alone = await send();
    const before = memory(headcount.pid).now;
    const clients = bench.processes.fork('./idle-connections.ts');
    clients.send({ port: headcount.tcpPort, connections } satisfies IdlePlan);
    await nextMessage(clients, WITHIN_MS);
    const grown = memory(headcount.pid).now - before;
    const beside = await send();
    clients.send('report');
    const open = await nextMessage<number>(clients, WITHIN_MS);
    await stop(clients, 'SIGTERM');
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return [
      {
        what: `memory of ${connections} idle TCP connections`,
        target: `< ${TARGET_MEBIBYTES} MiB`,
        measured: `${grown.toFixed(0)} MiB`,
        yardstick: `${before.toFixed(0)} MiB without; still open in the end ${open}`,
        met: grown < TARGET_MEBIBYTES && open === connections,
      },
      {
        what: `time for ${LINES} lines of one client beside them / alone`,
        target: '',
        measured: (beside / alone).toFixed(2),
        yardstick: 'all accepted',
        met: null,
      },
    ];
  },
};
