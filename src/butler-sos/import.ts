import { hostAndPort, isHost } from '../contract/host.ts';
import { formatDuration } from '../contract/settings.ts';
import { MadeConfig } from './made-config.ts';
import { OldConfig } from './old-config.ts';
import { byReplacement } from './replaced.ts';

const MOST_LISTED = 1_000;
const HOUR_MS = 3_600_000;
const USER_EVENTS = 'userEvents';
const UDP = `${USER_EVENTS}.udpServerConfig`;
const POST_TO = `${USER_EVENTS}.sendToMQTT.postTo`;
const LOG_LEVELS: Readonly<Record<string, string>> = {
  silly: 'trace',
  debug: 'debug',
  verbose: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
};

/** Makes a configuration of ours, with comments, of one of Butler SOS, versions 9 to 15. @throws Error where it is none */
export function importButlerSos(text: string, file: string): string {
  const old = new OldConfig(text);
  const made = new MadeConfig();
  importReceivers(old, made);
  importBlacklist(old, made);
  importAppNames(old, made);
  importMqtt(old, made);
  importLog(old, made);
  return made.toYaml(
    [
      `Made of ${file}, a configuration of Butler SOS, by "headcount import-butler-sos".`,
      'Look at what was not taken, at the end. Then: headcount check --config THIS_FILE',
    ],
    notTaken(old.left()),
  );
}

function notTaken(left: readonly string[]): string[] {
  if (left.length === 0) return ['Everything was taken.'];
  const lines = [`Not taken (${left.length} keys):`];
  for (const [by, paths] of byReplacement(left)) {
    lines.push('', by);
    for (const path of paths.slice(0, MOST_LISTED)) lines.push(`  ${path}`);
    if (paths.length > MOST_LISTED) lines.push(`  and ${paths.length - MOST_LISTED} more`);
  }
  return lines;
}

function importReceivers(old: OldConfig, made: MadeConfig): void {
  const host = old.text(`${UDP}.serverHost`);
  const port = old.number(`${UDP}.portUserActivityEvents`) ?? 9997;
  const isChecked = old.flag(`${UDP}.enableSourceValidation`);
  const sources = texts(old.take(`${UDP}.allowedSources`));
  const udp = {
    type: 'udp',
    host: host !== undefined && isHost(host) ? host : '::',
    port,
    ...(isChecked && sources.length > 0 ? { allow: sources } : {}),
  };
  const receivers: unknown[] = [udp, { type: 'tcp' }];
  const polls = pollsOf(old, made, receivers.length);
  if (polls !== null) receivers.push(polls);
  made.set('receivers', receivers);
  made.comment(
    ['receivers', 0],
    `Butler SOS: ${UDP}. While it runs on this machine that port is taken: choose another.`,
  );
  if (!old.flag(`${USER_EVENTS}.enable`))
    made.comment(['receivers', 0], 'It was switched off there (userEvents.enable).');
  if (sources.length > 0 && !isChecked) {
    made.comment(
      ['receivers', 0],
      `It let everybody send (enableSourceValidation); its list was: allow: [ ${sources.join(', ')} ]`,
    );
  }
  if (isChecked && sources.length === 0)
    made.comment(
      ['receivers', 0],
      'It was to check senders and had no list of them; here everybody may send.',
    );
  made.comment(
    ['receivers', 1],
    'Lines from a relay; Butler SOS has nothing like it. By default it listens to this machine only.',
  );
}

/** `place`: in the list of receivers. */
function pollsOf(old: OldConfig, made: MadeConfig, place: number): unknown {
  if (!old.flag('userSessions.enableSessionExtract')) return null;
  const servers = serversOf(old, made, place);
  if (servers.length === 0) return null;
  const interval = old.number('userSessions.pollingInterval') ?? 30_000;
  const blacklist = rulesOf(old, 'userSessions.excludeUser');
  const isVerified = old.take('serversToMonitor.rejectUnauthorized') !== false;
  const certificates = certificatesOf(old);
  made.comment(
    ['receivers', place],
    'Butler SOS: userSessions and the userSessions of serversToMonitor.servers.',
  );
  if (blacklist.length > 0) {
    made.comment(
      ['receivers', place, 'blacklist'],
      'Butler SOS: userSessions.excludeUser. Here they are in no count either.',
    );
  }
  made.comment(
    ['receivers', place, 'certificates'],
    'Butler SOS: cert. Relative paths start from the folder of this file.',
  );
  if (old.take('cert.clientCertPassphrase') !== undefined) {
    made.comment(
      ['receivers', place, 'certificates'],
      'The key had a passphrase, which cannot be used: export it again without one.',
    );
  }
  if (!isVerified) {
    made.comment(
      ['receivers', place, 'servers'],
      'Certificates of servers were not verified (rejectUnauthorized); here they are. Where a certificate has the short name, add "servername".',
    );
  }
  const pollMs = Math.min(Math.max(interval, 1_000), HOUR_MS);
  return {
    type: 'qps',
    interval: formatDuration(pollMs),
    // An answer may take no longer than the interval.
    ...(pollMs < 5_000 ? { timeout: formatDuration(pollMs) } : {}),
    ...(blacklist.length > 0 ? { blacklist } : {}),
    certificates,
    servers,
  };
}

interface Server {
  readonly host: string;
  readonly port: number;
  readonly node?: string;
  readonly virtualProxies: string[];
}

function serversOf(old: OldConfig, made: MadeConfig, place: number): Server[] {
  const servers: Server[] = [];
  const list = 'serversToMonitor.servers';
  for (let index = 0; index < old.count(list); index += 1) {
    const path = `${list}[${index}].userSessions`;
    if (!old.flag(`${path}.enable`)) continue;
    const [host = '', port = '4243'] = (old.text(`${path}.host`) ?? '').split(':', 2);
    const virtualProxies: string[] = [];
    for (let n = 0; n < old.count(`${path}.virtualProxies`); n += 1) {
      const prefix = old.text(`${path}.virtualProxies[${n}].virtualProxy`);
      if (prefix !== undefined && !virtualProxies.includes(prefix)) virtualProxies.push(prefix);
    }
    if (!isHost(host) || virtualProxies.length === 0) continue;
    const same = servers.find((each) => each.host === host);
    if (same === undefined) {
      const isNamesake = servers.some((each) => labelOf(each.host) === labelOf(host));
      if (isNamesake) {
        const text = `Another server has the same first name: say what the lines of this node call it.`;
        made.comment(['receivers', place, 'servers', servers.length, 'node'], text);
      }
      servers.push({
        host,
        port: Number(port),
        ...(isNamesake ? { node: `${labelOf(host)}-${index + 1}` } : {}),
        virtualProxies,
      });
    } else same.virtualProxies.push(...virtualProxies.filter((each) => !same.virtualProxies.includes(each)));
  }
  return servers;
}

function labelOf(host: string): string {
  return (host.split('.', 1)[0] ?? '').toLowerCase();
}

function certificatesOf(old: OldConfig): Readonly<Record<string, string>> {
  return {
    cert: escaped(old.text('cert.clientCert') ?? 'client.pem'),
    key: escaped(old.text('cert.clientCertKey') ?? 'client_key.pem'),
    ca: escaped(old.text('cert.clientCertCA') ?? 'root.pem'),
  };
}

interface Rule {
  readonly directory: string;
  readonly userId: string;
}

function rulesOf(old: OldConfig, path: string): Rule[] {
  const rules: Rule[] = [];
  for (let index = 0; index < old.count(path); index += 1) {
    const directory = old.text(`${path}[${index}].directory`);
    const userId = directory === undefined ? undefined : old.text(`${path}[${index}].userId`);
    if (directory === undefined || userId === undefined) continue;
    rules.push({ directory: escaped(directory), userId: escaped(userId) });
  }
  return rules;
}

function importBlacklist(old: OldConfig, made: MadeConfig): void {
  const rules = rulesOf(old, `${USER_EVENTS}.excludeUser`);
  if (rules.length === 0) return;
  made.set('blacklist', rules);
  made.comment(
    ['blacklist'],
    'Butler SOS: userEvents.excludeUser. Here they are left out of everything, polls too, in any spelling of upper and lower case; "*" stands for any characters.',
  );
}

function importAppNames(old: OldConfig, made: MadeConfig): void {
  if (!old.flag('appNames.enableAppNameExtract')) return;
  const host = old.text('appNames.hostIP');
  if (host === undefined || !isHost(host)) return;
  const interval = old.number('appNames.extractInterval') ?? 60_000;
  const everyMs = Math.min(Math.max(interval, 60_000), 7 * 24 * HOUR_MS);
  made.set('apps', { qrs: { host, interval: formatDuration(everyMs), certificates: certificatesOf(old) } });
  made.comment(
    ['apps'],
    'Butler SOS: appNames. Certificates are verified here: where that of the node has the short name, add "servername".',
  );
}

/** Our names of the topics of events, and those of Butler SOS. */
const TOPICS = [
  ['everything', 'everythingTopic'],
  ['sessionStart', 'sessionStartTopic'],
  ['sessionStop', 'sessionStopTopic'],
  ['connectionOpen', 'connectionOpenTopic'],
  ['connectionClose', 'connectionCloseTopic'],
] as const;

function importMqtt(old: OldConfig, made: MadeConfig): void {
  // The older name is still understood.
  const isOn = [old.flag('mqttConfig.enable'), old.flag('mqttConfig.enableMQTT')].includes(true);
  const isEvents = old.flag(`${USER_EVENTS}.sendToMQTT.enable`);
  const isPolls = old.flag('userSessions.enableSessionExtract');
  // Else it published nothing but the health of engines.
  if (!isOn || !(isEvents || isPolls)) return;
  const host = old.text('mqttConfig.brokerHost');
  const port = old.number('mqttConfig.brokerPort') ?? 1883;
  const base = old.text('mqttConfig.baseTopic') ?? 'butler-sos/';
  const topics = TOPICS.map(([name, theirs]) => {
    const isTopic = old.flag(`${POST_TO}.${theirs}.enable`);
    const topic = old.text(`${POST_TO}.${theirs}.topic`);
    const named = topic === undefined ? {} : { topic: escaped(topic) };
    return [name, { enabled: isEvents && isTopic, ...named }];
  });
  const tags = tagsOf(old);
  const isHostKnown = host !== undefined && isHost(host);
  made.set('sinks', [
    {
      type: 'mqtt',
      url: `mqtt://${hostAndPort(isHostKnown ? host : '127.0.0.1', port)}`,
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
      topics: Object.fromEntries(topics),
      polls: { enabled: isPolls, base: escaped(base) },
    },
  ]);
  made.comment(
    ['sinks', 0],
    'Butler SOS: mqttConfig and userEvents.sendToMQTT. It published with QoS 0; here it is 1 ("qos").',
  );
  if (!isHostKnown) made.comment(['sinks', 0, 'url'], 'mqttConfig.brokerHost is not filled in.');
  made.comment(
    ['sinks', 0, 'topics'],
    'While Butler SOS publishes to the same broker, give these other names: each event would come twice.',
  );
}

/** Version 9 calls the name `tag`. */
function tagsOf(old: OldConfig): Readonly<Record<string, string>> {
  const path = `${USER_EVENTS}.tags`;
  const tags: [string, string][] = [];
  for (let index = 0; index < old.count(path); index += 1) {
    const name = old.text(`${path}[${index}].name`) ?? old.text(`${path}[${index}].tag`);
    const value = old.text(`${path}[${index}].value`);
    if (name !== undefined && value !== undefined) tags.push([name, escaped(value)]);
  }
  return Object.fromEntries(tags);
}

function importLog(old: OldConfig, made: MadeConfig): void {
  const level = LOG_LEVELS[old.text('logLevel') ?? 'info'];
  if (level === undefined || level === 'info') return;
  made.set('log', { level });
  made.comment(['log'], 'Butler SOS: logLevel.');
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string').map(escaped) : [];
}

/** A dollar and a brace would be the name of an environment variable here. */
function escaped(text: string): string {
  return text.replaceAll('${', () => '$${');
}
