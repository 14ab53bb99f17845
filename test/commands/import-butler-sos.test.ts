import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registerImportButlerSos } from '../../src/commands/import-butler-sos.ts';
import { parseConfig } from '../../src/config/config.ts';
import { runCommand } from './command-under-test.ts';

const CASES = resolve(import.meta.dirname, '../cases/butler-sos-configs');
const folder = mkdtempSync(join(tmpdir(), 'headcount-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string) => runCommand(registerImportButlerSos, ['import-butler-sos', file], CASES);
/** Below the heading of what takes their place. */
function notTaken(made: string, heading: string): string[] {
  const lines = made.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`# ${heading}`));
  const to = lines.indexOf('#', from);
  return lines.slice(from + 1, to < 0 ? -1 : to).map((line) => line.slice(4));
}

function importText(text: string) {
  writeFileSync(join(folder, 'old.yaml'), text);
  return run(join(folder, 'old.yaml'));
}

describe('import-butler-sos', () => {
  it('takes receivers, blacklists, polls, names and topics of version 9', async () => {
    const { stdout, stderr, exitCode } = await run('version-9.yaml');
    expect([stderr, exitCode]).toEqual(['', 0]);
    const config = parseConfig(stdout, 'config.yaml');
    expect(config.receivers).toMatchObject([
      { type: 'udp', host: '192.0.2.10', port: 9997, allow: [] },
      { type: 'tcp', host: '127.0.0.1' },
      {
        type: 'qps',
        interval: 20_000,
        blacklist: [{ directory: 'LAB', userId: 'poller' }],
        certificates: { cert: 'cert/client.pem', key: 'cert/client_key.pem', ca: 'cert/root.pem' },
        servers: [{ host: 'sense1.example.com', port: 4243, virtualProxies: ['/', '/sales'] }],
      },
    ]);
    expect(config.blacklist).toEqual([{ directory: 'LAB', userId: 'testuser1' }]);
    expect(config.apps.qrs).toMatchObject({ host: 'sense1.example.com', interval: 60_000 });
    expect(config.sinks).toMatchObject([
      {
        ...{ type: 'mqtt', url: 'mqtt://broker.example.com:1884', tags: { env: 'DEV' } },
        topics: {
          everything: { enabled: true, topic: 'sense/all' },
          sessionStart: { enabled: true, topic: 'sense/in' },
          sessionStop: { enabled: false, topic: 'sense/out' },
        },
        polls: { enabled: true, base: 'sos/' },
      },
    ]);
    expect(config.log.level).toBe('debug');
  });

  it('takes nothing from what is switched off or not filled in, and says so', async () => {
    const { stdout, stderr, exitCode } = await run('version-12.yaml');
    expect([stderr, exitCode]).toEqual(['', 0]);
    const config = parseConfig(stdout, 'config.yaml');
    expect(config.receivers).toMatchObject([{ type: 'udp', host: '::', port: 19_997 }, { type: 'tcp' }]);
    expect([config.sinks, config.blacklist, config.apps.qrs]).toEqual([[], [], null]);
    expect(stdout).toContain('# It was switched off there (userEvents.enable).');
    expect(notTaken(stdout, 'names of apps')).toEqual(['appNames.extractInterval', 'appNames.hostIP']);
    expect(notTaken(stdout, 'Prometheus: scrape /metrics')).toEqual([
      ...['prometheus.enable', 'prometheus.host', 'prometheus.port'],
    ]);
    expect(notTaken(stdout, 'New Relic')).toContain('userEvents.sendToNewRelic.enable');
    expect(notTaken(stdout, 'log events')).toEqual(['logEvents.source.engine.enable']);
    expect(notTaken(stdout, 'MQTT that was switched off')).toContain('mqttConfig.brokerHost');
  });

  it('takes senders, and merges servers, of version 15', async () => {
    const { stdout, stderr, exitCode } = await run('version-15.yaml');
    expect([stderr, exitCode]).toEqual(['', 0]);
    const { receivers, blacklist } = parseConfig(stdout, 'config.yaml');
    expect(parse(stdout).receivers[0].allow).toEqual(['192.0.2.7', 'sense-server-01.mydomain.com']);
    // What looks like an environment variable here is none.
    expect(blacklist).toEqual([{ directory: 'INTERNAL', userId: ['sa_$', '{scheduler}'].join('') }]);
    expect(receivers[2]).toMatchObject({
      interval: 2_000,
      servers: [
        { host: 'sense1.north.example.com', virtualProxies: ['/', '/finance'] },
        { host: 'sense1.south.example.com', node: 'sense1-2', virtualProxies: ['/', '/hdr'] },
      ],
    });
    expect(stdout).toContain('# The key had a passphrase');
    expect(stdout).toContain('# Certificates of servers were not verified');
    expect(notTaken(stdout, 'InfluxDB: QuestDB takes its place')).toContain('influxdbConfig.v3Config.token');
    expect(notTaken(stdout, 'rules that are not filled in')).toHaveLength(2);
  });

  it.each(readdirSync(CASES))(
    'lists every key of %s that it has not taken, and no value of one',
    async (file) => {
      const { stdout } = await run(file);
      expect(stdout).not.toContain('secret');
      const listed = stdout.split('\n').filter((line) => /^# {3}\w/.test(line));
      expect(stdout).toContain(`Not taken (${listed.length} keys):`);
      expect(new Set(listed).size).toBe(listed.length);
      // Where nothing is switched off, what is neither in the list nor in the result would have been lost on the way.
      const known = leavesOf(parse(readFileSync(join(CASES, file), 'utf8'))['Butler-SOS'], '');
      expect(known).toEqual(expect.arrayContaining(listed.map((line) => line.slice(4))));
    },
  );

  it('writes a file where it is told to, and never over one', async () => {
    const output = join(folder, 'config.yaml');
    const made = await run('version-9.yaml');
    const write = () =>
      runCommand(registerImportButlerSos, ['import-butler-sos', 'version-9.yaml', '--output', output], CASES);
    expect(await write()).toMatchObject({ stdout: '', stderr: '' });
    expect(readFileSync(output, 'utf8')).toBe(made.stdout);
    await expect(write()).rejects.toThrow('EEXIST');
  });

  it('says what is no configuration of Butler SOS', async () => {
    expect(await importText('a: [')).toMatchObject({
      ...{ exitCode: 1, stdout: '' },
      stderr: expect.stringContaining('old.yaml: it is no YAML: '),
    });
    expect((await importText('Butler: { a: 1 }')).stderr).toContain('it has no section "Butler-SOS:"');
    expect((await run('nowhere.yaml')).stderr).toContain('ENOENT');
  });

  it('says which of its values Headcount cannot take, and where they are now', async () => {
    const { stdout, stderr, exitCode } = await importText(
      'Butler-SOS: { userEvents: { enable: true, udpServerConfig: { enableSourceValidation: true, allowedSources: [ 10.0.0.1-20 ] } } }',
    );
    expect(stdout).toContain('10.0.0.1-20');
    expect(stderr).toMatch(/mend this before you use it:\nconfig\.yaml:\d+:\d+ receivers\[0\]\.allow\[0\]/);
    expect(exitCode).toBe(1);
  });

  it('is not troubled by hostile files', async () => {
    const bomb = `a: &a [x, x]\nb: &b [${'*a, '.repeat(50)}]\nc: [${'*b, '.repeat(50)}]\nButler-SOS: {}`;
    expect((await importText(bomb)).stderr).toContain('it is no YAML');
    expect((await importText('Butler-SOS: &all { a: [&list [*list], *all] }')).stderr).toContain(
      'old.yaml: an alias (*name) in it is inside what it stands for',
    );
    const { stdout } = await importText(
      'Butler-SOS: { __proto__: { logLevel: warn }, constructor: "\\e[2J", "a\\nblacklist": 1, userEvents: 5 }',
    );
    expect(parseConfig(stdout, 'config.yaml')).toMatchObject({ blacklist: [], log: { level: 'info' } });
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('__proto__.logLevel');
  });
});

function leavesOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = (key: string) =>
    Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, below(key)));
}
