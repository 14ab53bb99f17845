import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Program, ProgramFolder, until } from '../../program/program.ts';
import { Exposition } from './exposition.ts';
import { isInstalled } from './installed.ts';
import { Prometheus } from './prometheus.ts';

let folder: ProgramFolder;
let program: Program;
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

async function post(items: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(items);
  const response = await fetch(`${program.api}/api/v1/events`, { method: 'POST', headers, body });
  expect(response.status).toBe(202);
}

const HOSTILE = ['a"b', 'a\\b\\', 'a\nb', 'a\r\u0000b', 'größe-日本', '{x="y"} 1', 'x'.repeat(1_024)];

describe.skipIf(!isInstalled('prometheus', 'prometheus'))('a real Prometheus', () => {
  let prometheus: Prometheus;
  beforeEach(async () => {
    prometheus = await new Prometheus(new URL(program.api).host).start();
  });
  afterEach(() => prometheus.stop());

  it('scrapes the program, and holds every host name as it came in, but with control characters written out', async () => {
    await post(
      HOSTILE.map((host) => ({ type: 'session_start', user: { directory: 'LAB', id: 'ann' }, host })),
    );
    const hosts = await until(
      async () => ({
        series: await prometheus.query('headcount_host_sessions == 1'),
        error: await prometheus.lastError(),
      }),
      ({ series }) => series.length > 0,
    );
    expect(hosts.error).toBe('');
    const written = HOSTILE.map((host) =>
      host.replaceAll('\n', '\\u{a}').replaceAll('\r\u0000', '\\u{d}\\u{0}'),
    );
    expect(hosts.series.map(({ metric }) => metric['host']).toSorted()).toEqual(written.toSorted());
    const [up] = await prometheus.query('up');
    expect(up?.value[1]).toBe('1');
    const others = ['accepted', 'duplicates', 'heartbeats', 'excluded', 'refused'].map(
      (what) => `sum(headcount_${what}_total)`,
    );
    const [identity] = await prometheus.query(
      `sum(headcount_received_total) + sum(headcount_further_lines_total) - ${others.join(' - ')} - sum(headcount_in_flight)`,
    );
    expect(identity?.value[1]).toBe('0');
    expect(await prometheus.query('process_cpu_seconds_total > 0')).toHaveLength(1);
    expect(await prometheus.query('nodejs_eventloop_lag_p99_seconds > 0')).toHaveLength(1);
  });
});

describe.skipIf(!isInstalled('prometheus', 'prometheus'))('the Prometheus of compose.yaml', () => {
  it('gets in with the token that the Headcount beside it knows', async () => {
    const [read, ingest] = ['reader-0123456789abcdef', 'sender-0123456789abcdef'];
    const text = readFileSync(resolve(import.meta.dirname, '../../../grafana/headcount.yaml'), 'utf8');
    const filled = text
      .replace(/"\$\{HEADCOUNT_READ_TOKEN\}"/, read)
      .replace(/"\$\{HEADCOUNT_INGEST_TOKEN\}"/, ingest);
    const { api } = parse(filled) as { api: object };
    await program.end('SIGKILL');
    writeFileSync(
      folder.config,
      JSON.stringify({ receivers: [], api: { ...api, host: '127.0.0.1', port: 0 }, log: { format: 'json' } }),
    );
    program = await Program.start(folder);
    expect((await fetch(`${program.api}/metrics`)).status).toBe(401);

    const scraping = readFileSync(resolve(import.meta.dirname, '../../../grafana/prometheus.yml'), 'utf8');
    const { authorization } = parse(scraping).scrape_configs[0];
    const file = join(folder.path, basename(authorization.credentials_file));
    writeFileSync(file, read);
    const job = { authorization: { ...authorization, credentials_file: file } };
    const prometheus = await new Prometheus(new URL(program.api).host, job).start();
    try {
      const up = await until(
        () => prometheus.query('up'),
        (series) => series[0]?.value[1] === '1',
      );
      expect(up).toHaveLength(1);
    } finally {
      await prometheus.stop();
    }
  });
});

describe('counters', () => {
  const scrape = async () => new Exposition(await (await fetch(`${program.api}/metrics`)).text());

  it('begin at zero with the program, also those of which the store knows more', async () => {
    const user = { directory: 'LAB', id: 'ann' };
    await post([{ type: 'session_start', user, host: 'qs1' }]);
    await post([{ type: 'session_stop', user: { directory: 'LAB', id: 'bob' }, host: 'qs1' }]);
    const before = await scrape();
    expect(before.value('headcount_sessions_created_total')).toBe(1);
    expect(before.value('headcount_orphan_stops_total')).toBe(1);
    await program.end('SIGKILL');
    program = await Program.start(folder);
    const after = await scrape();
    expect(after.value('headcount_sessions')).toBe(1);
    expect(after.value('headcount_accepted_total')).toBe(0);
    expect(after.value('headcount_sessions_created_total')).toBe(0);
    expect(after.value('headcount_orphan_stops_total')).toBe(0);
  });

  it('of the receivers add up to everything received', async () => {
    const udp = createSocket('udp4');
    const line = '/qseow-proxy-session/;node1;Start session;LAB;ann;(null);(null);x';
    await new Promise((sent) => udp.send(line, program.udpPort, '127.0.0.1', sent));
    udp.close();
    await post([{ type: 'heartbeat' }, { type: 'heartbeat' }]);
    const metrics = await until(scrape, (each) => each.value('headcount_accepted_total') === 1);
    expect(metrics.by('headcount_received_total')).toEqual({ udp: 1, tcp: 0, http: 2 });
  });
});
