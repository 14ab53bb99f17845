import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { startApp } from '../app.ts';
import { type Config, loadConfig, parseConfig } from '../config/config.ts';
import { createSystemClock } from '../simulator/clock.ts';
import { createDemoSite, DEMO_PEOPLE, DEMO_RATE, type DemoSite } from '../simulator/demo-site.ts';
import { proxiesToAsk, startProxies } from '../simulator/proxy.ts';
import { runSimulation } from '../simulator/run.ts';
import { createUdpSender, reachable } from '../simulator/senders.ts';
import { CONFIG_OPTION, type CommandIo, createLog } from './command-io.ts';

/** A running Headcount. `udp` is where it listens, `null` if it has no UDP receiver. */
export interface StartedApp {
  readonly udp: { readonly host: string; readonly port: number } | null;
  /** Where the API and the page are, such as `http://127.0.0.1:9999`. */
  readonly apiUrl: string;
  stop(): Promise<void>;
}

export type StartApp = (options: {
  readonly configPath: string | null;
  readonly site: DemoSite;
}) => Promise<StartedApp>;

const WARM_UP_SESSIONS = 60;
/** Somebody is refused so often. */
const REFUSAL_EVERY_SECONDS = 25;

const HELP = `
It listens where the configuration says. Made-up people get into no database: no
sink is used, and the store is one of its own that is deleted at the end.
`;

/** `headcount demo`: Headcount and a simulated site that sends to it, until Ctrl-C. */
export function registerDemo(program: Command, io: CommandIo, start: StartApp): void {
  program
    .command('demo')
    .description('start Headcount with a simulated Qlik Sense site, to look around')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action(async ({ config = null }: { config?: string | null }) => {
      const now = Date.now();
      const site = createDemoSite(now, -new Date(now).getTimezoneOffset());
      const app = await start({ configPath: config, site });
      await runDemo(app, site, io).finally(() => app.stop());
    });
}

async function runDemo({ udp, apiUrl }: StartedApp, site: DemoSite, io: CommandIo): Promise<void> {
  if (udp === null) throw new Error('the demo sends UDP, and this configuration has no udp receiver');
  const clock = createSystemClock();
  const sender = await createUdpSender(reachable(udp));
  io.stdout(greeting(apiUrl));
  let seconds = 0;
  await runSimulation(site.simulation, sender, clock, {
    durationMs: Number.POSITIVE_INFINITY,
    maxEvents: Number.POSITIVE_INFINITY,
    warmUpSessions: WARM_UP_SESSIONS,
    signal: io.signal,
    onSecond: ({ at }) => {
      seconds += 1;
      const refusal = seconds % REFUSAL_EVERY_SECONDS === 0 ? site.refusal(Math.floor(at)) : null;
      if (refusal !== null) void sender.send([refusal]);
    },
  }).finally(() => sender.close());
}

function greeting(apiUrl: string): string {
  return `
A simulated Qlik Sense site with ${DEMO_PEOPLE} people is sending ${DEMO_RATE} events a second.

  open  ${apiUrl}/?window=60s
  curl  ${apiUrl}/api/v1/counts
  curl  '${apiUrl}/api/v1/sessions?active=true&limit=5'
  curl  '${apiUrl}/api/v1/events?limit=5'

Ctrl-C stops both.

`;
}

/** Headcount with a store of its own that is deleted at the end: made-up people never get into the real one. */
export async function startDemoApp(
  { configPath, site }: Parameters<StartApp>[0],
  io: CommandIo,
  version: string,
): Promise<StartedApp> {
  const config = loadConfig(configPath, io.cwd, io.env);
  const path = mkdtempSync(join(tmpdir(), 'headcount-demo-'));
  const log = createLog({ ...config.log, level: 'warn' }, io);
  const certificates = join(path, 'certificates');
  const proxies = await startProxies(site.simulation, 0, certificates, Date.now());
  const end = async (): Promise<void> => {
    await proxies.close();
    rmSync(path, { recursive: true, force: true });
  };
  const polls = parseConfig(
    `receivers:\n${proxiesToAsk(site.simulation, proxies, certificates)}    interval: 5s\n`,
    'the demo',
  );
  const app = await startApp({
    config: demoConfig(config, polls, path, site),
    log,
    now: Date.now,
    version,
    print: io.print,
    onFailed: () => io.setExitCode(1),
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    udp: addressOf(app.listening['udp']),
    apiUrl: app.listening.api,
    stop: async () => {
      await app.stop();
      await end();
    },
  };
}

/** It listens where the configuration says, asks the made-up proxies and no others, and nothing gets into anybody's database. */
function demoConfig(config: Config, polls: Config, path: string, { appNames }: DemoSite): Config {
  return {
    ...config,
    receivers: [...config.receivers.filter(({ type }) => type !== 'qps'), ...polls.receivers],
    store: { ...config.store, path },
    sinks: [],
    apps: { ...config.apps, qrs: null, byId: appNames },
  };
}

/** The first of the addresses, written as `address:port` or `[address]:port`. */
function addressOf(listening: readonly string[] | string | undefined): StartedApp['udp'] {
  const [first] = typeof listening === 'string' ? [listening] : (listening ?? []);
  if (first === undefined) return null;
  const colon = first.lastIndexOf(':');
  return { host: first.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(first.slice(colon + 1)) };
}
