import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pollMetrics } from '../../../src/api/metrics/polls.ts';
import { Program, ProgramFolder, until } from '../../program/program.ts';
import { row, StandInQps, senseFile } from '../../receivers/qps/stand-in.ts';

let folder: ProgramFolder;
let program: Program;
let standIn: StandInQps;
beforeEach(async () => {
  folder = new ProgramFolder();
  standIn = await StandInQps.start();
  standIn.sessions.set('', [row('anna'), row('bert')]);
  const files = { cert: senseFile('client'), key: senseFile('client_key'), ca: senseFile('root') };
  const server = { host: '127.0.0.1', port: standIn.port, servername: 'sense1', node: 'sense1' };
  const qps = { type: 'qps', certificates: files, servers: [{ ...server, virtualProxies: ['/', '/gone'] }] };
  const settings = { receivers: [qps], api: { port: 0 }, log: { format: 'json' } };
  writeFileSync(folder.config, JSON.stringify(settings));
  program = await Program.start(folder);
});
afterEach(async () => {
  await program.end('SIGKILL');
  await standIn.stop();
  folder.dispose();
});

const scrape = async () => (await fetch(`${program.api}/metrics`)).text();

it('says of each virtual proxy what came of asking it, in /metrics and in /api/v1/ingest', async () => {
  const text = await until(scrape, (each) =>
    each.includes('headcount_polls_failed_total{host="sense1",virtual_proxy="/gone"} 1'),
  );
  expect(text).toContain('headcount_polls_total{host="sense1",virtual_proxy="/"} 1');
  expect(text).toContain('headcount_polls_failed_total{host="sense1",virtual_proxy="/"} 0');
  expect(text).toContain('headcount_poll_sessions{host="sense1",virtual_proxy="/"} 2');
  expect(text).toMatch(/^headcount_poll_age_seconds\{host="sense1",virtual_proxy="\/"\} \d/m);
  expect(text).not.toContain('headcount_poll_sessions{host="sense1",virtual_proxy="/gone"}');
  const { receivers } = await program.get<{ receivers: object[] }>('/api/v1/ingest');
  expect(receivers[0]).toMatchObject({
    name: 'qps',
    tls: { validTo: '2120-01-01T00:00:00.000Z', trouble: null },
    polls: [
      { host: 'sense1', virtualProxy: '/', ok: true, sessions: 2, users: 2, error: null },
      {
        host: 'sense1',
        virtualProxy: '/gone',
        ok: false,
        error: 'it knows no such virtual proxy (status 404)',
      },
    ],
  });
});

it('has series for the first hundred virtual proxies and no more', () => {
  const stats = {
    host: 'node',
    polledAt: null,
    answeredAt: null,
    ok: false,
    sessions: null,
    users: null,
    hidden: null,
    error: null,
    durationMs: null,
    polls: 1,
    failed: 0,
  };
  const polls = Array.from({ length: 150 }, (_, n) => ({ ...stats, virtualProxy: `/${n}` }));
  const [total, , age] = pollMetrics(
    () => polls,
    () => 0,
  );
  expect([total?.samples().length, age?.samples()]).toEqual([100, []]);
});
