import { afterAll, beforeAll, expect, it } from 'vitest';
import { Downtimes } from '../../src/sessions/downtimes.ts';
import { PastQuality } from '../../src/sessions/quality/past-quality.ts';
import { ApiUnderTest, NOON } from './api-under-test.ts';

const MINUTE_MS = 60_000;
const api = new ApiUnderTest();
const iso = (minutes: number) => new Date(NOON + minutes * MINUTE_MS).toISOString();

/** A quiet hour, then three users; a loss of datagrams; and a time in which the program did not run. */
beforeAll(async () => {
  await api.start();
  api.pass(60 * 60);
  // As if the store were older than any session.
  api.site.losses.everywhere = [];
  await api.post(
    ['ann', 'bob', 'cyd'].map((id) => ({
      ...{ type: 'session_start', user: { directory: 'LAB', id }, host: id === 'ann' ? 'qs1' : 'qs2' },
      virtualProxy: 'sales',
    })),
  );
  api.pass(10 * 60);
  api.site.quality.dropped();
  api.pass(10 * 60);
  api.now += 20 * MINUTE_MS;
  api.pass(10 * 60);
}, 60_000);
afterAll(() => api.stop());

const asOf = async (minutes: number, more = '') =>
  (await api.get(`/api/v1/sessions?at=${iso(minutes)}${more}`)).body;

it.each([
  [30, 'estimated', ['warming_up'], 0],
  [65, 'unverified', ['unnumbered'], 3],
  [70, 'estimated', ['drops', 'unnumbered'], 3],
  [79, 'estimated', ['drops', 'unnumbered'], 3],
  [90, 'unknown', ['not_running'], 3],
  [105, 'estimated', ['downtime', 'drops', 'unnumbered'], 3],
  [111, 'unknown', ['future'], 3],
  [-1, 'unknown', ['before_store'], 0],
])('%i minutes after the store began it is %s: %j', async (minutes, quality, reasons, total) => {
  const body = await asOf(minutes);
  expect(body).toMatchObject({ asOf: iso(minutes), quality, reasons, total, totalIsAtLeast: false });
  expect(body.items).toHaveLength(total);
});

it('the total is of all pages, and of what the other filters leave', async () => {
  const first = await asOf(65, '&limit=2');
  expect(first).toMatchObject({ total: 3, nextCursor: expect.any(String) });
  expect(await asOf(65, `&limit=2&cursor=${first.nextCursor}`)).toMatchObject({ total: 3 });
  expect(await asOf(65, '&host=qs2&limit=1')).toMatchObject({ total: 2 });
});

it('a page that leaves off in the middle leaves the reader in the present', async () => {
  for (let n = 0; n < 3; n += 1) {
    await asOf(65, '&limit=1');
    const user = { directory: 'LAB', id: `late${n}` };
    await api.post([{ type: 'session_start', user, host: 'qs3' }]);
    expect((await api.get('/api/v1/sessions?host=qs3')).body.items).toHaveLength(n + 1);
  }
});

it('those that are on now are a question about a moment too, and a search is none', async () => {
  const open = (await api.get('/api/v1/sessions?active=true')).body;
  expect(open).toMatchObject({ asOf: iso(110), quality: 'estimated', total: 6 });
  const all = (await api.get('/api/v1/sessions')).body;
  expect(all).toMatchObject({ asOf: iso(110), quality: null, reasons: [], total: null });
});

it('CSV, which has room for sessions only, says it in a header', async () => {
  const { headers, text } = await api.get(`/api/v1/sessions?at=${iso(-1)}&format=csv`);
  expect(headers['headcount-quality']).toBe('unknown before_store');
  expect(text.split('\r\n')).toHaveLength(2);
  const search = await api.get('/api/v1/sessions?format=csv');
  expect(search.headers['headcount-quality']).toBeUndefined();
});

it('what retention has deleted was before the store', async () => {
  const database = api.openDatabase();
  database.exec('DELETE FROM events WHERE seq < 3');
  database.close();
  expect(await asOf(50)).toMatchObject({ quality: 'unknown', reasons: ['before_store'] });
  expect(await asOf(65)).toMatchObject({ quality: 'unverified' });
});

it('a restart remembers it', () => {
  const past = new PastQuality(new Downtimes());
  past.restore(JSON.parse(JSON.stringify(api.site.pastQuality.changes)));
  expect(past.of(NOON + 65 * MINUTE_MS, NOON, api.now)).toEqual({
    quality: 'unverified',
    reasons: ['unnumbered'],
  });
  expect(past.of(NOON + 30 * MINUTE_MS, NOON, api.now).reasons).toEqual(['warming_up']);
});

it('the quality is that of the host that is asked for', async () => {
  const { site } = api;
  const host = site.identities.host('qs1');
  site.losses.touch(host, 'clock', api.now, 1);
  api.pass(60);
  const at = `/api/v1/sessions?at=${new Date(api.now - 30_000).toISOString()}`;
  const clock = expect.arrayContaining(['clock']);
  expect((await api.get(`${at}&host=QS1.example.com`)).body).toMatchObject({ reasons: clock });
  expect((await api.get(`${at}&host=qs2`)).body).not.toMatchObject({ reasons: clock });
  expect((await api.get(at)).body).toMatchObject({ reasons: clock });
});
