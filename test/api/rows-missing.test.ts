import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMetrics } from '../../src/api/metrics/metrics.ts';
import { ApiUnderTest } from './api-under-test.ts';
import { Exposition } from './metrics/exposition.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
  api.pass(MATTERS);
});
afterEach(() => api.stop());

/** So many seconds lines that are lost matter: maximal age and grace. */
const MATTERS = 24 * 3_600 + 5 * 60 + 1;
const ONE_MINUTE = 60;

function receive(host: string, ...rows: readonly (number | '(null)')[]): void {
  for (const row of rows) {
    const line = `/headcount/2;${row};(null);${host};Start session;0;(null);p${row};1;(null);(null);LAB;ann;(null);x`;
    api.pipeline.receive(Buffer.from(line), { address: '192.0.2.7', port: 4711 }, api.now);
  }
  api.pipeline.work();
}

async function missing(): Promise<Record<string, number>> {
  return new Exposition((await api.get('/metrics')).text).by('headcount_rows_missing_total');
}

it('ingest says how many lines of each host never came, and of which that cannot be known', async () => {
  receive('qs1', 1, 2, 5);
  receive('qs2', 7, 8);
  receive('qs3', '(null)');
  api.pass(10);
  const { body } = await api.get('/api/v1/ingest');
  expect(body).toMatchObject({
    rowsMissing: 2,
    hosts: [
      { host: 'qs1', rowsMissing: 2 },
      { host: 'qs2', rowsMissing: 0 },
      { host: 'qs3', rowsMissing: null },
    ],
  });
});

it('counts are estimates over all and of the host that lost lines, until nobody can be on whom they told of', async () => {
  receive('qs1', 1, 2, 5);
  receive('qs2', 7, 8);
  api.pass(10);
  const { body } = await api.get('/api/v1/counts');
  expect(body).toMatchObject({
    quality: 'estimated',
    reasons: ['gap'],
    hosts: [
      { host: 'qs1', quality: 'estimated' },
      { host: 'qs2', quality: 'exact' },
    ],
  });
  api.pass(MATTERS);
  expect((await api.get('/api/v1/counts')).body).toMatchObject({ quality: 'exact', reasons: [] });
});

it('what touches everybody makes the counts of every host estimates', async () => {
  receive('qs1', 1, 2);
  api.site.quality.dropped();
  const { body } = await api.get('/api/v1/counts');
  expect(body).toMatchObject({ reasons: ['drops'], hosts: [{ host: 'qs1', quality: 'estimated' }] });
});

it('the counter of a host begins with the first line it loses, and does not fall when one comes after all', async () => {
  expect(await missing()).toEqual({});
  receive('qs1', 1, 2, 6);
  receive('qs2', '(null)');
  api.pass(ONE_MINUTE);
  expect(await missing()).toEqual({ qs1: 3 });
  receive('qs1', 4);
  expect((await api.get('/api/v1/ingest')).body).toMatchObject({ rowsMissing: 2 });
  expect(await missing()).toEqual({ qs1: 3 });
});

it('the counter of a host begins at zero with the program, whatever it lost before', async () => {
  receive('qs1', 1, 2, 6);
  api.pass(ONE_MINUTE);
  const { site, pipeline } = api;
  // As at a start with that state.
  const parts = { site, counters: pipeline.counters, inFlight: () => 0, receivers: [], sinks: () => [] };
  const metrics = createMetrics({ ...parts, now: () => api.now } as never);
  const told = async () =>
    new Exposition(await metrics.getSingleMetricAsString('headcount_rows_missing_total')).by(
      'headcount_rows_missing_total',
    );
  expect(await told()).toEqual({ qs1: 0 });
  receive('qs1', 8);
  api.pass(ONE_MINUTE);
  expect(await told()).toEqual({ qs1: 1 });
});
