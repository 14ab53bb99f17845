import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RECEIVERS } from '../../receivers/index.ts';
import { SINKS } from '../../sinks/index.ts';
import { configSchema, parseConfig } from '../../src/config/config.ts';
import { nameOf } from '../../src/contract/plugin.ts';

const example = readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8');
const uncommented = example.replace(/^# /gm, '');
const defaults = parseConfig('', 'config.yaml');
/** Of a TCP receiver, which has none by default. */
const TLS_KEYS = ['tls', 'cert', 'key', 'ca', 'clientCertificates', 'handshakeTimeout'];

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

  it.each([...new Set(keysOf(configSchema))])('explains or shows the key %s', (key) => {
    expect(example).toMatch(new RegExp(`^##? .*\\b${key}:`, 'm'));
  });

  it('shows every key that has a default as that default', () => {
    const shown = [...uncommented.matchAll(/^ *(?:- )?(\w+):/gm)].map((match) => match[1]);
    const optional = new Set(['name', 'directory', 'userId', 'token', 'tokenFile', 'scopes', ...TLS_KEYS]);
    // There is no sink by default.
    const ofSinks = keysOf(configSchema.shape.sinks);
    const types = new Set<string>(defaults.receivers.map(({ type }) => type));
    const ofReceivers = RECEIVERS.filter((each) => types.has(nameOf(each))).flatMap(({ schema }) =>
      keysOf(schema),
    );
    // Nobody is asked for names by default.
    const others = ['apps', ...keysOf(configSchema.omit({ sinks: true, receivers: true, apps: true }))];
    const wanted = ['receivers', ...ofReceivers, ...others].filter((key) => !optional.has(key));
    expect(ofSinks).toContain('url');
    expect(shown.toSorted()).toEqual([...wanted, 'sinks'].toSorted());
  });

  it('has an example of sinks that is accepted, and shows the defaults of their keys', () => {
    const lines = [
      ...example.slice(example.indexOf('## sinks:')).matchAll(/^## (sinks:| {2}- type: \w+| {4}\w+: .*)$/gm),
    ].map((match) => match[1]);
    const environment = { QUESTDB_PASSWORD: 'secret' };
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

  it('has an example of polls that is accepted, and shows the defaults of their keys', () => {
    const block = example.slice(
      example.indexOf('##   - type: qps'),
      example.indexOf('## Users to leave out'),
    );
    const lines = [...block.matchAll(/^##((?: {3}- | {5}| {7}- | {9})\w+:.*)$/gm)].map((match) => match[1]);
    const { receivers } = parseConfig(['receivers:', ...lines].join('\n'), 'config.yaml');
    const servers = [{ host: 'sense1.example.com', servername: 'sense1', node: 'sense1' }];
    const bare = JSON.stringify({ receivers: [{ type: 'qps', servers }] });
    expect(lines.length).toBe(13);
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
  it.each([...RECEIVERS, ...SINKS].map(nameOf))('shows how %s is listed', (type) => {
    expect(example).toMatch(new RegExp(`^##? +- type: ${type}$`, 'm'));
  });
});

/** Every key of a schema and of the schemas inside it, as often as it occurs. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return keysOf(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return keysOf(schema.def.in);
  if (schema instanceof z.ZodArray) return keysOf(schema.element);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap(keysOf);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
