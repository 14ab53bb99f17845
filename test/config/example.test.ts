import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RECEIVERS } from '../../receivers/index.ts';
import { SINKS } from '../../sinks/index.ts';
import { configSchema, parseConfig } from '../../src/config/config.ts';
import { nameOf } from '../../src/contract/plugin.ts';
import { receiverSettings } from '../../src/contract/receiver.ts';
import { deliverySettings } from '../../src/contract/sink.ts';

const example = readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8');
const uncommented = example.replace(/^# /gm, '');
const defaults = parseConfig('', 'config.yaml');
/** Of a TCP receiver, which has none by default. */
const TLS_KEYS = ['tls', 'cert', 'key', 'ca', 'clientCertificates', 'handshakeTimeout'];
/** Of a token, which has none by default. */
const APPLICATION_KEYS = ['application', 'virtualProxy', 'sessions', 'timeout', 'resume', 'grace'];
const KINDS = [
  ...RECEIVERS.map((kind) => ({ kind, list: 'receivers' as const })),
  ...SINKS.map((kind) => ({ kind, list: 'sinks' as const })),
];
/** The keys of one section or kind that have to be explained in its own block. */
const EXPLAINED: readonly (readonly [key: string, of: string, block: string | undefined])[] = [
  ...Object.entries(configSchema.omit({ receivers: true, sinks: true }).shape).flatMap(([section, schema]) =>
    [section, ...keysOf(schema)].map((key) => [key, section, sectionOf(section)] as const),
  ),
  ...KINDS.flatMap(({ kind, list }) =>
    keysOf(kind.schema).map((key) => [key, nameOf(kind), blockOf(nameOf(kind), list)] as const),
  ),
];
/** What several kinds have in common is explained once. */
const IN_COMMON = new Set([
  ...Object.keys(receiverSettings),
  ...Object.keys(deliverySettings),
  ...keysOf(configSchema.shape.blacklist),
]);

describe('config.example.yaml', () => {
  it('parses to exactly the defaults as it stands', () => {
    expect(parseConfig(example, 'config.example.yaml')).toStrictEqual(defaults);
  });

  it('parses to exactly the defaults with every default uncommented', () => {
    expect(uncommented).toMatch(/^receivers:$/m);
    expect(parseConfig(uncommented, 'config.example.yaml')).toStrictEqual(defaults);
  });

  it('has only comments of the two kinds', () => {
    for (const line of example.split('\n')) expect(line).toMatch(/^(## .*|##|# .*|)$/);
  });

  it.each(EXPLAINED)('explains or shows the key %s of %s', (key, of, block) => {
    const isThere = isShown(key, IN_COMMON.has(key) ? example : block);
    expect(isThere, `show "${key}:" in the block of ${of}, after a line that explains it`).toBe(true);
  });

  it('shows every key that has a default as that default', () => {
    const shown = [...uncommented.matchAll(/^ *(?:- )?(\w+):/gm)].map((match) => match[1]);
    const optional = new Set([
      'name',
      'directory',
      'userId',
      'token',
      'tokenFile',
      'scopes',
      'encoding',
      ...TLS_KEYS,
    ]);
    // There is no sink by default.
    const ofSinks = keysOf(configSchema.shape.sinks);
    const types = new Set<string>(defaults.receivers.map(({ type }) => type));
    const ofReceivers = RECEIVERS.filter((each) => types.has(nameOf(each))).flatMap(({ schema }) =>
      keysOf(schema),
    );
    // Nobody is asked for names by default.
    const others = ['apps', ...keysOf(configSchema.omit({ sinks: true, receivers: true, apps: true }))];
    // Entries of a list that has none by default.
    for (const key of ['virtualProxy', 'timeout', ...APPLICATION_KEYS])
      others.splice(others.lastIndexOf(key), 1);
    const wanted = ['receivers', ...ofReceivers, ...others].filter((key) => !optional.has(key));
    expect(ofSinks).toContain('url');
    const advice = 'show each default as a line such as "#     port: 9997", and nothing else behind one #';
    expect(shown.toSorted(), advice).toEqual([...wanted, 'sinks'].toSorted());
  });

  it('has an example of sinks that is accepted, and shows the defaults of their keys', () => {
    const lines = [...(sectionOf('sinks') ?? '').matchAll(/^## (sinks:| {2}- type: \w+| {4}\w+: .*)$/gm)].map(
      (match) => match[1],
    );
    const environment = { QUESTDB_PASSWORD: 'secret', MQTT_PASSWORD: 'secret', NATS_PASSWORD: 'secret' };
    const { sinks } = parseConfig(lines.join('\n'), 'config.yaml', '.', environment);
    const bare = 'sinks: [ { type: questdb }, { type: console } ]';
    const [questDb, console] = parseConfig(bare, 'config.yaml').sinks;
    expect(sinks.filter(({ type }) => type === 'questdb' || type === 'console')).toEqual([
      {
        ...questDb,
        name: 'questdb',
        url: 'https://questdb.example.com:9000',
        user: 'headcount',
        password: 'secret',
        tls: { ca: '/etc/ssl/company.pem', verify: true },
        retention: 365 * 86_400_000,
      },
      console,
    ]);
  });

  it('has an example of a broker that is accepted, and shows the defaults of its keys', () => {
    const block = blockOf('mqtt', 'sinks') ?? '';
    const lines = [...block.matchAll(/^## ( {2}- type: \w+| {4}\w+: .*)$/gm)].map((match) => match[1]);
    const environment = { MQTT_PASSWORD: 'secret' };
    const { sinks } = parseConfig(['sinks:', ...lines].join('\n'), 'config.yaml', '.', environment);
    const [bare] = parseConfig('sinks: [ { type: mqtt } ]', 'config.yaml').sinks;
    expect(sinks).toEqual([
      {
        ...bare,
        ...{ url: 'mqtts://broker.example.com:8883', clientId: 'headcount-site-a' },
        ...{ user: 'headcount', password: 'secret', tags: { qs_env: 'dev' } },
        tls: {
          ...{ ca: 'broker-ca.pem', cert: 'client.pem', key: 'client_key.pem' },
          ...{ servername: 'broker', verify: true },
        },
      },
    ]);
  });

  it.each([
    ['receivers', { partitions: '0-3' }],
    ['sinks', {}],
  ] as const)(
    'has an example of NATS in %s that is accepted, and shows the defaults of its keys',
    (list, more) => {
      const block = blockOf('nats', list) ?? '';
      const lines = [...block.matchAll(/^##((?: {3}- | {5})\w+:.*)$/gm)].map((match) => match[1]);
      const environment = { NATS_PASSWORD: 'secret' };
      const found = parseConfig([`${list}:`, ...lines].join('\n'), 'config.yaml', '.', environment)[list];
      const who = { user: 'headcount', password: 'secret' };
      const tls = { ca: 'nats-ca.pem', cert: 'client.pem', key: 'client_key.pem' };
      const bare = JSON.stringify({ [list]: [{ type: 'nats', ...who, tls, ...more }] });
      expect(found).toEqual(parseConfig(bare, 'config.yaml')[list]);
      expect(lines.length).toBeGreaterThan(5);
    },
  );

  it('has an example of polls that is accepted, and shows the defaults of their keys', () => {
    const block = blockOf('qps', 'receivers') ?? '';
    const lines = [...block.matchAll(/^##((?: {3}- | {5}| {7}- | {9})\w+:.*)$/gm)].map((match) => match[1]);
    const { receivers } = parseConfig(['receivers:', ...lines].join('\n'), 'config.yaml');
    const servers = [{ host: 'sense1.example.com', servername: 'sense1', node: 'sense1' }];
    const bare = JSON.stringify({ receivers: [{ type: 'qps', servers }] });
    expect(receivers).toEqual(parseConfig(bare, 'config.yaml').receivers);
  });
});

describe('config.example.yaml, of names', () => {
  it('has an example of QRS that is accepted, and shows the defaults of its keys', () => {
    const block = example.slice(example.indexOf('##   qrs:'), example.indexOf('# apps: {}'));
    const lines = [...block.matchAll(/^##((?: {3}| {5})\w+:.*)$/gm)].map((match) => match[1]);
    const { apps } = parseConfig(['apps:', ...lines].join('\n'), 'config.yaml');
    const bare = JSON.stringify({ apps: { qrs: { host: 'sense1.example.com', servername: 'sense1' } } });
    expect(lines.length).toBe(7);
    expect(apps).toEqual(parseConfig(bare, 'config.yaml').apps);
  });
});

describe('config.example.yaml, for each kind that there is', () => {
  it.each(KINDS.map(({ kind, list }) => [nameOf(kind), list] as const))(
    'shows how %s of %s is listed',
    (type, list) => {
      const advice = `add a line "##   - type: ${type}" to its list, and its keys below it`;
      expect(blockOf(type, list) !== undefined, advice).toBe(true);
    },
  );
});

/** From its explanation to the empty line behind it. */
function sectionOf(key: string): string | undefined {
  return example.split('\n\n').find((section) => new RegExp(`^# ${key}:`, 'm').test(section));
}

/** The entry of a kind of receiver or sink: up to the next one, or to the end of the list. */
function blockOf(type: string, list: 'receivers' | 'sinks'): string | undefined {
  const entries = (sectionOf(list) ?? '').split(/^(?=##? +- type: )/m);
  return entries.find((entry) => new RegExp(`^##? +- type: ${type}$`, 'm').test(entry));
}

function isShown(key: string, block = ''): boolean {
  return new RegExp(`^##? .*\\b${key}:`, 'm').test(block);
}

/** Every key of a schema and of the schemas inside it, as often as it occurs. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return keysOf(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return keysOf(schema.def.in);
  if (schema instanceof z.ZodArray) return keysOf(schema.element);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap(keysOf);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
