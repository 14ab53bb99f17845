import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clientHeartbeats } from './clients/client-heartbeats.ts';
import { clientOnline } from './clients/client-online.ts';
import { clientPosts } from './clients/client-posts.ts';
import { bigStore } from './page/big-store.ts';
import { eventToPixel } from './page/event-to-pixel.ts';
import { fiftyPages } from './page/fifty-pages.ts';
import { liveScript } from './page/live-script.ts';
import { pageMemory } from './page/page-memory.ts';
import { Processes } from './processes.ts';
import type { Row, Scenario } from './scenario.ts';
import { burst } from './scenarios/burst.ts';
import { centreCounts } from './scenarios/centre-counts.ts';
import { coreShare } from './scenarios/core-share.ts';
import { countsRoute } from './scenarios/counts-route.ts';
import { cpuPerEvent } from './scenarios/cpu-per-event.ts';
import { fairShares } from './scenarios/fair-shares.ts';
import { history } from './scenarios/history.ts';
import { idleConnections } from './scenarios/idle-connections.ts';
import { madeUpNames } from './scenarios/made-up-names.ts';
import { millionSessions } from './scenarios/million-sessions.ts';
import { mqttMessages } from './scenarios/mqtt-messages.ts';
import { packages } from './scenarios/packages.ts';
import { polls } from './scenarios/polls.ts';
import { reconcile } from './scenarios/reconcile.ts';
import { sinkCpu } from './scenarios/sink-cpu.ts';
import { sinkOutage } from './scenarios/sink-outage.ts';
import { sinkRows } from './scenarios/sink-rows.ts';
import { sinkVisible } from './scenarios/sink-visible.ts';
import { sites } from './scenarios/sites.ts';
import { stall } from './scenarios/stall.ts';
import { streams } from './scenarios/streams.ts';
import { sustained } from './scenarios/sustained.ts';
import { tcpLines } from './scenarios/tcp-lines.ts';
import { visible } from './scenarios/visible.ts';
import { formatTable } from './table.ts';

/**
 * Benchmarks of the program as shipped: real processes, real datagrams over loopback. Every number stands
 * beside a yardstick of the same run, because a machine's own speed says nothing. Needs Linux (/proc).
 *
 *   npm run bench                         all scenarios, well over half an hour; sink-* need Java 17, mqtt-* mosquitto, sites nats-server
 *   npm run bench -- burst visible        only these
 *   npm run bench -- --quick              everything short: shows that it works
 *   npm run bench -- --program FILE       another working copy's src/headcount.js, to compare with
 *   npm run bench -- --profile FOLDER     CPU profiles of Headcount's threads (the numbers suffer)
 */

const SCENARIOS: readonly Scenario[] = [
  ...[cpuPerEvent, coreShare, burst, stall, sustained, visible, millionSessions],
  ...[tcpLines, countsRoute, history, streams, idleConnections, polls, reconcile, madeUpNames, fairShares],
  packages,
  ...[bigStore, liveScript, eventToPixel, fiftyPages, pageMemory],
  ...[clientOnline, clientHeartbeats, clientPosts],
  ...[sinkCpu, sinkRows, sinkVisible, sinkOutage, mqttMessages, sites, centreCounts],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    program: { type: 'string', default: fileURLToPath(new URL('../src/headcount.js', import.meta.url)) },
    profile: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(
    `no such scenario: ${unknown.join(', ')}. There are ${SCENARIOS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(64);
}

const processes = new Processes();
process.on('exit', () => processes.removeAll());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const bench = {
  quick: values.quick,
  processes,
  program: values.program,
  nodeArgs: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  say: (text: string) => console.log(text),
};
const rows: Row[] = [];
for (const scenario of SCENARIOS) {
  if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
  console.log(`\n${scenario.name}: ${scenario.method}`);
  rows.push(...(await scenario.run(bench)));
}
console.log(`\nNode ${process.version}, median (min-max)\n\n${formatTable(rows)}`);
process.exit(0);
