import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { IClientOptions } from 'mqtt';
import { Comparison, type ComparisonParts, type OurEvent, type Side } from '../butler-sos/diff/comparison.ts';
import { reportJson, reportText } from '../butler-sos/diff/report.ts';
import { watchHeadcount, watchTopic } from '../butler-sos/diff/watch.ts';
import { OldConfig } from '../butler-sos/old-config.ts';
import { loadConfig } from '../config/config.ts';
import { type BlacklistRule, createBlacklist } from '../contract/blacklist.ts';
import { hostAndPort } from '../contract/host.ts';
import type { Clock } from '../simulator/clock.ts';
import { httpUrl, milliseconds } from '../simulator/options.ts';
import { readToken } from './api-token.ts';
import { CONFIG_OPTION, type CommandIo } from './command-io.ts';

const SETTLE_EVERY_MS = 500;

const HELP = `
Both get the same lines. Butler SOS publishes its events to an MQTT broker
(userEvents.sendToMQTT with everythingTopic); Headcount tells its own through
its API. An event that only one of both tells of within 10 seconds is missing at
the other one, and the report says why, as far as that can be seen.

With the configuration of Butler SOS its broker, topic, blacklist and limits are
known. The password of the broker is that of MQTT_PASSWORD.

Examples:
  headcount diff-butler-sos --theirs production.yaml --for 1h
  headcount diff-butler-sos --broker mqtt://broker --topic qliksense/userevent

Exit codes: 0, they agree; 1, something is missing at one of both.
`;

interface Arguments {
  readonly config?: string;
  readonly theirs?: string;
  readonly broker?: string;
  readonly topic?: string;
  readonly user?: string;
  readonly ca?: string;
  readonly api: string;
  readonly tokenFile?: string;
  readonly for?: number;
  readonly json?: true;
}

/** `headcount diff-butler-sos`: what Headcount and Butler SOS tell of the same lines, side by side. */
export function registerDiffButlerSos(program: Command, io: CommandIo, clock: Clock): void {
  program
    .command('diff-butler-sos')
    .description('compare with a Butler SOS that gets the same lines, and say what is missing where and why')
    .option(...CONFIG_OPTION)
    .option('--theirs <file>', 'the configuration of Butler SOS')
    .option('--broker <url>', 'where it publishes (default: that of its configuration)', mqttUrl)
    .option('--topic <topic>', 'its topic of everything (default: that of its configuration)')
    .option('--user <user>', 'user at the broker; MQTT_PASSWORD has the password')
    .option('--ca <file>', 'whom to trust at the broker with mqtts')
    .option('--api <url>', 'the API of Headcount', httpUrl, 'http://127.0.0.1:9999')
    .option('--token-file <file>', 'file with a token for it that may read; HEADCOUNT_TOKEN is another way')
    .option('--for <duration>', 'for how long (default: until Ctrl-C)', milliseconds)
    .option('--json', 'the report as JSON')
    .addHelpText('after', HELP)
    .action((given: Arguments) => compare(given, io, clock));
}

async function compare(given: Arguments, io: CommandIo, clock: Clock): Promise<void> {
  const theirs =
    given.theirs === undefined ? null : new OldConfig(readFileSync(resolve(io.cwd, given.theirs), 'utf8'));
  const { blacklist } = loadConfig(given.config ?? null, io.cwd, io.env);
  const ending = new AbortController();
  const signal = AbortSignal.any([io.signal, ending.signal]);
  const comparison = new Comparison(
    { blacklist: createBlacklist(blacklist), ...limitsOf(theirs) },
    clock.now(),
  );
  const sides = (who: Side) => ({
    away: () => comparison.away(who),
    back: () => comparison.back(who, clock.now()),
  });
  const broker = given.broker ?? brokerOf(theirs);
  const topic =
    given.topic ??
    theirs?.text('userEvents.sendToMQTT.postTo.everythingTopic.topic') ??
    'qliksense/userevent';
  try {
    const heard = (text: string) => comparison.takeTheirs(text, clock.now());
    await watchTopic(broker, topic, brokerOptions(given, io), { heard, ...sides('theirs') }, signal);
    const ours = { heard: (event: OurEvent) => comparison.takeOurs(event, clock.now()), ...sides('ours') };
    await watchHeadcount(given.api, readToken(given, io), ours, signal);
    comparison.back('ours', clock.now());
    io.stderr(`watching ${topic} at ${broker}, and ${given.api}\n`);
    const began = clock.now();
    const until = began + (given.for ?? Number.POSITIVE_INFINITY);
    for (let left = until - began; !io.signal.aborted && left > 0; left = until - clock.now()) {
      await clock.sleep(Math.min(SETTLE_EVERY_MS, left), io.signal);
      comparison.settle(clock.now());
    }
    const now = clock.now();
    comparison.end(now);
    const { report } = comparison;
    io.stdout(given.json === true ? reportJson(report, now - began) : reportText(report, now - began));
    if (report.missingThere.length + report.missingHere.length > 0) io.setExitCode(1);
  } finally {
    ending.abort();
  }
}

function brokerOf(theirs: OldConfig | null): string {
  const host = theirs?.text('mqttConfig.brokerHost') ?? '127.0.0.1';
  return `mqtt://${hostAndPort(host, theirs?.number('mqttConfig.brokerPort') ?? 1883)}`;
}

function brokerOptions({ user, ca }: Arguments, { cwd, env }: CommandIo): IClientOptions {
  const password = env['MQTT_PASSWORD'];
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca: readFileSync(resolve(cwd, ca), 'utf8') }),
  };
}

/** What the configuration of Butler SOS says of what it leaves out. */
function limitsOf(theirs: OldConfig | null): Pick<ComparisonParts, 'theirRules' | 'theirMostAMinute'> {
  if (theirs === null) return { theirRules: null, theirMostAMinute: null };
  const rules: BlacklistRule[] = [];
  for (let n = 0; n < theirs.count('userEvents.excludeUser'); n += 1) {
    const directory = theirs.text(`userEvents.excludeUser[${n}].directory`);
    const userId = theirs.text(`userEvents.excludeUser[${n}].userId`);
    if (directory !== undefined && userId !== undefined) rules.push({ directory, userId });
  }
  const limit = 'userEvents.udpServerConfig.rateLimit';
  const most = theirs.flag(`${limit}.enable`) ? theirs.number(`${limit}.maxMessagesPerMinute`) : undefined;
  return { theirRules: rules, theirMostAMinute: most ?? null };
}

function mqttUrl(text: string): string {
  if (/^mqtts?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected a URL such as mqtt://127.0.0.1:1883.');
}
