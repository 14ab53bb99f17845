import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';
import { Exposition } from './metrics/exposition.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const starts = (id: string, times: number, more: object = {}) =>
  Array.from({ length: times }, () => ({
    ...{ type: 'session_start', user: { directory: 'LAB', id }, host: 'qs1' },
    ...more,
  }));
const told = async () => (await api.get('/api/v1/ingest')).body['storms'];
const ANN = { user: { directory: 'LAB', id: 'ann' }, host: 'qs1', since: '2026-05-19T12:00:00.000Z' };

describe('a storm', () => {
  it('is said by user and host, with what it became', async () => {
    await api.post([...starts('ann', 29), ...starts('bob', 29)]);
    expect(await told()).toEqual([]);
    await api.post(starts('ANN', 75));
    expect(await told()).toEqual([{ ...ANN, startsLastMinute: 104, startsTotal: 104, endedAt: null }]);
    api.pass(59 + 180);
    expect(await told()).toMatchObject([{ startsLastMinute: 0, endedAt: null }]);
    api.pass(1);
    expect(await told()).toEqual([
      { ...ANN, startsLastMinute: 0, startsTotal: 104, endedAt: '2026-05-19T12:01:00.000Z' },
    ]);
  });

  it('is made by lines without a user, as that of nobody', async () => {
    for (let n = 0; n < 40; n += 1) {
      const line = '/qseow-proxy-session/;qs2;Start session;(null);(null);(null);(null);x';
      api.pipeline.receive(Buffer.from(line), { address: '192.0.2.7', port: 4711 }, api.now);
    }
    await api.settle();
    expect(await told()).toMatchObject([{ user: null, host: 'qs2', startsTotal: 40 }]);
  });

  it('is made neither by the past, nor by copies, nor by what is no Start', async () => {
    const user = { directory: 'LAB', id: 'ann' };
    await api.post([
      ...starts('ann', 100, { at: '2026-05-19T11:00:00Z' }),
      ...starts('ann', 100, { id: 'one' }),
      ...Array.from({ length: 100 }, () => ({ type: 'session_stop', user, host: 'qs1' })),
    ]);
    expect(await told()).toEqual([]);
  });

  it('is not made by whom the rules exclude, and not told of whom they exclude from now on', async () => {
    await api.post(starts('ann', 40));
    await api.post(starts('sa', 40, { user: { directory: 'INTERNAL', id: 'sa' } }));
    expect(await told()).toMatchObject([ANN]);
    api.replaceBlacklist([{ directory: 'LAB' }]);
    expect(await told()).toEqual([]);
    api.pass(1);
    expect(JSON.stringify((await api.get('/api/v1/ingest')).body)).not.toContain('ann');
  });
});

describe('the metric of storms', () => {
  const numbers = async () => {
    const { text } = await api.get('/metrics');
    expect(text).not.toContain('LAB');
    return new Exposition(text).by('headcount_storms');
  };

  it('has their number by host, and 0 where there is none', async () => {
    await api.post([...starts('ann', 40), ...starts('anna', 40), ...starts('joan', 1, { host: 'qs2' })]);
    expect(await numbers()).toEqual({ qs1: 2, qs2: 0 });
    api.pass(300);
    expect(await numbers()).toEqual({ qs1: 0, qs2: 0 });
  });

  it('names a hundred hosts at most, of which none with a storm is missing', async () => {
    await api.post(Array.from({ length: 150 }, (_, n) => starts('hanna', 2, { host: `qs${n}` })).flat());
    await api.post(starts('ann', 40, { host: 'small' }));
    const told = await numbers();
    expect(Object.keys(told)).toHaveLength(100);
    expect(told['small']).toBe(1);
  });
});
