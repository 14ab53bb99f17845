import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig } from '../config/config.ts';
import type { User } from '../contract/event.ts';
import { hostAndPort } from '../contract/host.ts';
import { isListening } from '../contract/receiver.ts';
import type { Clock } from '../simulator/clock.ts';
import { createLineRenderer, type Line } from '../simulator/line.ts';
import { hostName, httpUrl, whole } from '../simulator/options.ts';
import { createRandom } from '../simulator/random.ts';
import { createTcpSender, createUdpSender, reachable, type Target } from '../simulator/senders.ts';
import { readToken } from './api-token.ts';
import { CONFIG_OPTION, type CommandIo, EXIT_USAGE } from './command-io.ts';
import { isCounted, type Sight, type TestLine, watchLine, whyNotCounted } from './watch-line.ts';

const DEFAULT_USER = 'LAB\\anna';

const HELP = `
The line is like that of a Sense node where somebody logs in, in Headcount's own
layout. It counts like any other, until --stop logs the same person out again.

Before and after, the API is asked how many are on. The token for that is that
of --token-file, else of HEADCOUNT_TOKEN, else of the configuration.

Examples:
  headcount send-test                           to the Headcount of this folder
  headcount send-test --stop                    logs out again
  headcount send-test --user "LAB\\svc_backup"   is that user on the blacklist?
  headcount send-test --host 192.0.2.10 --api http://192.0.2.10:9999
  headcount send-test --host 192.0.2.10 --no-check

Exit codes: 0, it was counted, or sent with --no-check; 1, it was not counted.
`;

interface Arguments {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tcp?: true;
  readonly user: User;
  readonly node: string;
  readonly stop?: true;
  readonly api?: string;
  readonly tokenFile?: string;
  readonly check: boolean;
}

/** A way to Headcount; `protocol` as it is written for people. */
interface Way extends Target {
  readonly protocol: 'UDP' | 'TCP';
}

/** `headcount send-test`: one line on the way that those of Sense take, and what became of it. */
export function registerSendTest(program: Command, io: CommandIo, clock: Clock): void {
  program
    .command('send-test')
    .description('send one test line and show whether Headcount counts it')
    .option(...CONFIG_OPTION)
    .option('--host <host>', 'where to send (default: the first UDP receiver, else the first TCP)', hostName)
    .option('--port <port>', 'its port (default: that of the receiver)', whole(1, 65535))
    .option('--tcp', 'send by TCP')
    .addOption(
      new Option('--user <user>', 'who logs in, as DIRECTORY\\id in quotes')
        .argParser(userName)
        .default(userName(DEFAULT_USER), DEFAULT_USER),
    )
    .option('--node <name>', 'Sense node that the line names', hostName, 'test-node')
    .option('--stop', 'log out instead of in')
    .option('--api <url>', 'where to ask what is counted (default: the API of the configuration)', httpUrl)
    .option('--token-file <file>', 'file with a token for the API that may read')
    .option('--no-check', 'send only, do not ask')
    .addHelpText('after', HELP)
    .action((given: Arguments) => sendTest(given, io, clock));
}

async function sendTest(given: Arguments, io: CommandIo, clock: Clock): Promise<void> {
  const config = loadConfig(given.config ?? null, io.cwd, io.env);
  const refuse = (problem: string): void => {
    io.stderr(`headcount send-test: ${problem}\n`);
    io.setExitCode(EXIT_USAGE);
  };
  const way = wayOf(given, config);
  if (typeof way === 'string') return refuse(way);
  const line: TestLine = { user: given.user, node: given.node, isStop: given.stop === true };
  if (!given.check) return sendOne(way, line, clock, io);
  const api = given.api ?? apiOf(config);
  if (api === null) return refuse(API_PORT_UNKNOWN);

  const token = readToken(given, io) ?? (given.api === undefined ? configuredToken(config) : null);
  const watch = watchLine(api, token, line, clock, io.signal);
  const before = await watch.before(() => io.stderr(`waiting for ${api} to answer\n`));
  await sendOne(way, line, clock, io);
  const after = await watch.after(before);
  io.stdout(`${seen('before', before)}${seen('after', after)}`);
  if (isCounted(line, before, after)) return io.stdout('ok: the line was counted\n');
  io.stderr(`not counted: ${whyNotCounted(line, before, after, placeOf(way))}\n`);
  io.setExitCode(1);
}

const API_PORT_UNKNOWN =
  'the API has port 0 in the configuration, so any free one; say --api with the URL that the log names, or --no-check';

async function sendOne(way: Way, line: TestLine, clock: Clock, io: CommandIo): Promise<void> {
  const at = Math.floor(clock.now());
  const rendered = renderTestLine(line, at);
  const sender = way.protocol === 'UDP' ? await createUdpSender(way) : await createTcpSender(way);
  await sender.send([rendered]).finally(() => sender.close());
  const { user, node, isStop } = line;
  const what = `${user.directory}\\${user.id} logs ${isStop ? 'out' : 'in'} on ${node}`;
  io.stdout(`sent to ${placeOf(way)}: ${what}\n`);
}

function renderTestLine({ user, node, isStop }: TestLine, at: number): Line {
  const utcOffsetMinutes = -new Date(at).getTimezoneOffset();
  const render = createLineRenderer({ layout: 'headcount', utcOffsetMinutes, run: '' }, createRandom(at));
  const kind = isStop ? 'session_stop' : 'session_start';
  // Without a key, so that a later call can end what an earlier one has begun.
  const nothing = { connection: null, appId: null, origin: null, context: null, userAgent: null };
  return render({ kind, at, host: node, user, sessionKey: '(null)', ...nothing, abandons: false }, at);
}

function placeOf({ protocol, host, port }: Way): string {
  return `${protocol} ${hostAndPort(host, port)}`;
}

/** Where to send, or what is missing. */
function wayOf({ host, port, tcp }: Arguments, { receivers }: Config): Way | string {
  const listening = receivers.filter(isListening);
  const first = (type: 'udp' | 'tcp') => listening.find((receiver) => receiver.type === type);
  const receiver = tcp ? first('tcp') : (first('udp') ?? first('tcp'));
  const protocol = tcp || receiver?.type === 'tcp' ? 'TCP' : 'UDP';
  if (host === undefined && receiver === undefined) {
    return `the configuration has no ${tcp ? 'TCP' : 'UDP or TCP'} receiver; say --host and --port`;
  }
  if (receiver?.type === 'tcp' && receiver.tls !== undefined) {
    return 'the TCP receiver wants TLS, which send-test does not speak';
  }
  const usedPort = port ?? receiver?.port ?? 0;
  if (usedPort === 0) return 'the receiver has any free port (0); say --port as in the log, at "listening"';
  return { protocol, ...reachable({ host: host ?? receiver?.host ?? '', port: usedPort }) };
}

/** Null where the port is any free one. */
function apiOf({ api }: Config): string | null {
  const { host, port } = reachable(api);
  return port === 0 ? null : `http://${hostAndPort(host, port)}`;
}

function configuredToken({ api }: Config): string | null {
  return api.tokens.find(({ scopes }) => scopes.includes('read'))?.token ?? null;
}

function seen(when: string, { sessions, users }: Sight): string {
  return `${`${when}:`.padEnd(8)}${counted(sessions, 'session')}, ${counted(users, 'user')}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function userName(text: string): User {
  const [, directory = '', id = ''] = /^([^\\;'\p{Cc}]+)\\([^\\;'\p{Cc}]+)$/u.exec(text) ?? [];
  if (directory !== '') return { directory, id };
  throw new InvalidArgumentError('Expected a directory and an id in quotes, such as "LAB\\anna".');
}
