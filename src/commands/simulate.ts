import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Clock, createSystemClock } from '../simulator/clock.ts';
import { fetchCounts, formatComparison, pollComparison } from '../simulator/compare.ts';
import {
  addSimulateOptions,
  readBounds,
  readSettings,
  readTarget,
  type SimulateArguments,
} from '../simulator/options.ts';
import {
  createProgressBar,
  createProgressLines,
  type Progress,
  type RunBounds,
} from '../simulator/progress.ts';
import { type Proxies, proxiesToAsk, startProxies } from '../simulator/proxy.ts';
import { type RunReport, runSimulation } from '../simulator/run.ts';
import { createHttpSender, createTcpSender, createUdpSender, type Sender } from '../simulator/senders.ts';
import { createSimulation, type Simulation } from '../simulator/simulation.ts';
import { readToken } from './api-token.ts';
import type { CommandIo } from './command-io.ts';

const HELP = `
People in CORP and LAB, anonymous visitors (NONE) and a service account
(INTERNAL\\sa_api) log in, open and close apps, and log out or just leave. Where
--rate asks for more events than so many people cause, they live faster.

The last line on stdout is JSON: what was sent, and what Headcount should say.
A session that was just left counts until --timeout; Headcount adds its grace.

Examples:
  headcount simulate                            20 events a second, ten minutes
  headcount simulate --speed 144 --users 1000   a whole day in ten minutes
  headcount simulate --rate 5000 --duration 30s
  headcount simulate --layout headcount --loss 1 --reorder 5 --duplicate 1
  headcount simulate --hosts 2 --virtual-proxies 2 --qps 4243
  headcount simulate --layout headcount --hosts 3 --crash 2m --away 5m,1m
  headcount simulate --duration 1m --compare http://127.0.0.1:9999
  headcount simulate --transport http --exclude INTERNAL

Where the API wants a token: --transport http needs the scope ingest, --compare
the scope read, and both together one token with both scopes: [read, ingest].
`;

/** `headcount simulate`: a believable Qlik Sense site that sends its user events to one target. */
export function registerSimulate(program: Command, io: CommandIo): void {
  const command = program
    .command('simulate')
    .description('send the user events of a simulated Qlik Sense site, for demos, tests and load');
  addSimulateOptions(command)
    .addHelpText('after', HELP)
    .action((given: SimulateArguments) => simulate(given, io));
}

async function simulate(given: SimulateArguments, io: CommandIo): Promise<void> {
  const clock = createSystemClock();
  const now = Math.floor(clock.now());
  const outside = { run: `sim-${given.seed}-${now}`, utcOffsetMinutes: -new Date(now).getTimezoneOffset() };
  const simulation = createSimulation(readSettings(given, outside));
  const token = readToken(given, io);
  const { compare } = given;
  const ask = compare === undefined ? null : () => fetchCounts(compare, token);
  const before = ask === null ? null : await ask();
  const log = openTruthLog(given, io);
  const sender = await createSender(given, clock, io.signal, token);
  const proxies = await answerQuestions(given, simulation, now, io).catch(async (error: unknown) => {
    await sender.close();
    throw error;
  });
  const bounds = readBounds(given);
  const progress = createProgress(bounds, io);
  let report: RunReport;
  try {
    report = await runSimulation(simulation, sender, clock, {
      ...bounds,
      warmUpSessions: given.warmUp,
      signal: io.signal,
      crashMs: given.crash,
      away: given.away,
      onSecond(second) {
        log?.write(second);
        progress.show(second);
      },
    });
    progress.show(report);
  } finally {
    log?.close();
    progress.close();
    await Promise.all([sender.close(), proxies?.close()]);
  }
  if (ask === null || before === null) return io.stdout(`${JSON.stringify(report)}\n`);
  const comparison = await pollComparison(ask, before, report, clock, io.signal);
  io.stderr(formatComparison(comparison));
  io.stdout(`${JSON.stringify({ ...report, comparison })}\n`);
}

/** The proxies, where they are to be asked; says how. */
async function answerQuestions(
  { qps, qpsCertificates }: SimulateArguments,
  simulation: Simulation,
  now: number,
  { cwd, stderr }: CommandIo,
): Promise<Proxies | null> {
  if (qps === undefined) return null;
  const folder = resolve(cwd, qpsCertificates);
  const proxies = await startProxies(simulation, qps, folder, now);
  stderr(`Ask the proxies who is on, with this receiver:\n\n${proxiesToAsk(simulation, proxies, folder)}\n`);
  return proxies;
}

async function createSender(
  given: SimulateArguments,
  clock: Clock,
  signal: AbortSignal,
  token: string | null,
): Promise<Sender> {
  const target = readTarget(given);
  if (given.transport === 'udp') return createUdpSender(target);
  if (given.transport === 'tcp') return createTcpSender(target);
  return createHttpSender(target, clock, signal, token);
}

function openTruthLog({ truth }: SimulateArguments, { cwd }: CommandIo) {
  if (truth === undefined) return null;
  const file = openSync(resolve(cwd, truth), 'w');
  return {
    write: (report: RunReport) => writeSync(file, `${JSON.stringify(report)}\n`),
    close: () => closeSync(file),
  };
}

function createProgress(bounds: RunBounds, io: CommandIo): Progress {
  if (io.stderrColumns() === null) return createProgressLines(bounds, io.stderr);
  return createProgressBar(bounds, () => io.stderrColumns() ?? 0, io.stderr);
}
