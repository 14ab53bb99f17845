import { type Command, InvalidArgumentError, Option } from 'commander';
import { createBlacklist } from '../contract/blacklist.ts';
import { isHost } from '../contract/host.ts';
import { parseDuration } from '../contract/settings.ts';
import type { Away } from './run.ts';
import type { Target } from './senders.ts';
import type { SimulationSettings } from './simulation.ts';

const DEFAULT_PORTS = { udp: 9997, tcp: 9998, http: 9999 } as const;
export type Transport = keyof typeof DEFAULT_PORTS;

/** Of lines; POST takes items. */
const LAYOUT_CHOICES = ['butler-sos', 'headcount'] as const;
type LayoutChoice = (typeof LAYOUT_CHOICES)[number];

const DEFAULT_DURATION_MS = 600_000;

/** The options as commander has read them. Durations are milliseconds, shares 0 to 1. */
export interface SimulateArguments {
  readonly host: string;
  readonly port?: number;
  readonly transport: Transport;
  readonly layout: LayoutChoice;
  readonly rate: number;
  readonly duration?: number;
  readonly count?: number;
  readonly users: number;
  readonly hosts: number;
  readonly virtualProxies: number;
  readonly apps: number;
  readonly seed: number;
  readonly loss: number;
  readonly lossBurst: number;
  readonly reorder: number;
  readonly reorderDelay: number;
  readonly duplicate: number;
  readonly crash?: number;
  readonly away?: Away;
  readonly clockOffset: number;
  readonly qps?: number;
  readonly qpsCertificates: string;
  readonly speed: number;
  readonly startHour: number;
  readonly timeout: number;
  readonly warmUp: number;
  readonly exclude: readonly string[];
  readonly truth?: string;
  readonly compare?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

export function addSimulateOptions(command: Command): Command {
  const share = percent();
  return command
    .option('--host <host>', 'where to send, an IP address or a name', hostName, '127.0.0.1')
    .option('--port <port>', 'its port (default: udp 9997, tcp 9998, http 9999)', whole(1, 65535))
    .addOption(
      new Option('--transport <name>', 'how to send').choices(Object.keys(DEFAULT_PORTS)).default('udp'),
    )
    .addOption(
      new Option('--layout <name>', 'of the lines of udp and tcp')
        .choices(LAYOUT_CHOICES)
        .argParser(layoutName)
        .default('butler-sos'),
    )
    .option('--rate <n>', 'events a second, on average', number(0.001, 1e6), 20)
    .option('--duration <time>', 'how long (default: 10m, no end with --count)', milliseconds)
    .option('--count <n>', 'end after so many events', whole(1, 1e12))
    .option('--users <n>', 'people who log in and out', whole(1, 1e6), 200)
    .option('--hosts <n>', 'proxy nodes of the site', whole(1, 1000), 2)
    .option('--virtual-proxies <n>', 'of each node; no line says which', whole(1, 100), 1)
    .option('--apps <n>', 'apps that people open', whole(1, 1e5), 12)
    .option('--seed <n>', 'the same seed gives the same site', whole(0, 4_294_967_295), 1)
    .option('--loss <percent>', 'how many of the lines get lost', share, 0)
    .option('--loss-burst <lines>', 'how many lines a loss takes in a row, on average', number(1, 1e6), 1)
    .option('--reorder <percent>', 'how many of the lines are late', share, 0)
    .addOption(time('--reorder-delay <time>', 'how late they are at most', '200ms'))
    .option('--duplicate <percent>', 'how many of the lines arrive twice', share, 0)
    .option('--crash <time>', 'after so long the first node loses all sessions, without a line', milliseconds)
    .option('--away <from,for>', 'lines are lost from then on for so long, such as 2m,30s', awayTime)
    .option(
      '--clock-offset <seconds>',
      'the clock of the first node is ahead; negative: behind',
      number(-1e6, 1e6),
      0,
    )
    .option('--speed <n>', 'simulated seconds a second; 144 is a day in ten minutes', number(0.001, 1e6), 1)
    .option('--start-hour <hour>', 'hour of the working day at which it begins', number(0, 24), 9)
    .addOption(time('--timeout <time>', 'how long a session stays active that was just left', '30m'))
    .option('--warm-up <sessions>', 'first open so many sessions, as fast as possible', whole(0, 1e6), 0)
    .addOption(
      new Option('--exclude <user>', 'leave DIR or DIR\\id out of the truth; may be repeated')
        .argParser(append)
        .default([], 'nobody'),
    )
    .option('--qps <port>', 'answer as the proxies who is on; each node has the next port', whole(1, 65_000))
    .option('--qps-certificates <folder>', 'write there what --qps wants to see', 'simulated-sense')
    .option('--truth <file>', 'write the truth to a file each second, as JSON lines')
    .option('--compare <url>', "at the end, set Headcount's counts beside the truth", httpUrl)
    .option('--token <token>', 'token for the API, which others see in the list of processes')
    .option('--token-file <file>', 'file with it; HEADCOUNT_TOKEN is another way');
}

/** Settings of the simulation; `run` and the time zone come from outside. Throws what commander reports. */
export function readSettings(
  given: SimulateArguments,
  outside: Pick<SimulationSettings, 'run' | 'utcOffsetMinutes'>,
): SimulationSettings {
  const { seed, rate, speed, users, hosts, virtualProxies, apps, startHour, transport, layout } = given;
  const { durationMs, maxEvents } = readBounds(given);
  const blacklist = createBlacklist(given.exclude.map(readRule));
  return {
    ...{ seed, rate, speed, users, hosts, virtualProxies, apps, startHour, ...outside },
    clockOffsetMs: given.clockOffset * 1000,
    spanMs: Math.min(durationMs, (maxEvents / rate) * 1000),
    timeoutMs: given.timeout,
    isExcluded: (user) => blacklist.excludes(user),
    layout: transport === 'http' ? 'item' : layout,
    faults: {
      loss: given.loss,
      lossBurst: given.lossBurst,
      duplicate: given.duplicate,
      reorder: given.reorder,
      reorderDelayMs: given.reorderDelay,
    },
  };
}

export function readBounds({ duration, count }: SimulateArguments) {
  const unbounded = count === undefined ? DEFAULT_DURATION_MS : Number.POSITIVE_INFINITY;
  return { durationMs: duration ?? unbounded, maxEvents: count ?? Number.POSITIVE_INFINITY };
}

export function readTarget({ host, port, transport }: SimulateArguments): Target {
  return { host, port: port ?? DEFAULT_PORTS[transport] };
}

function readRule(text: string) {
  const at = text.indexOf('\\');
  return at < 0 ? { directory: text } : { directory: text.slice(0, at), userId: text.slice(at + 1) };
}

/*
 * Readers of option values for commander: each gives the value, or throws what commander reports.
 */

export function number(min: number, max: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}

export function whole(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

export function percent() {
  const read = number(0, 100);
  return (text: string): number => read(text.replace(/%$/, '')) / 100;
}

export function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value !== null && value > 0) return value;
  throw new InvalidArgumentError('Expected a duration with a unit (ms, s, m, h, d) such as 10m.');
}

function awayTime(text: string): Away {
  const [fromMs, forMs, more] = text.split(',').map(parseDuration);
  if (typeof fromMs === 'number' && typeof forMs === 'number' && more === undefined) return { fromMs, forMs };
  throw new InvalidArgumentError('Expected two durations such as 2m,30s: from when on, and for how long.');
}

export function hostName(text: string): string {
  if (isHost(text)) return text;
  throw new InvalidArgumentError('Expected an IP address or a host name, without brackets or port.');
}

export function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:9999.');
}

/** An option whose default is shown as it would be written. */
export function time(flags: string, description: string, value: string): Option {
  return new Option(flags, description).argParser(milliseconds).default(milliseconds(value), value);
}

function layoutName(text: string): LayoutChoice {
  // What it was called before.
  const name = text === 'peer' ? 'butler-sos' : text;
  const known = LAYOUT_CHOICES.find((choice) => choice === name);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`Allowed choices are ${LAYOUT_CHOICES.join(', ')}.`);
}

export function append(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
