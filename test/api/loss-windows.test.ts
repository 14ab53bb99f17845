import { afterEach, beforeEach, expect, it } from 'vitest';
import { lose } from '../sessions/lose.ts';
import { ApiUnderTest, NOON } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const at = (seconds: number): string => new Date(NOON + seconds * 1_000).toISOString();
const post = (type: string, host: string, seconds: number) =>
  api.post([{ type, host, user: { directory: 'LAB', id: 'anna' }, at: at(seconds) }]);

/** What the only session on the host says of its losses. */
async function windowsOf(host: string): Promise<unknown> {
  const [item] = (await api.get(`/api/v1/sessions?host=${host}`)).body.items;
  return (await api.get(`/api/v1/sessions/${item?.id}`)).body['lossWindows'];
}

it('a session says when lines of its host were lost during it, and not when those of others were', async () => {
  await post('session_start', 'qs1', 0);
  await post('session_start', 'qs2', 0);
  api.pass(60);
  lose(api.site, 'qs1', 'gap', api.now);
  expect(await windowsOf('qs1')).toMatchObject([
    { reason: 'warming_up' },
    { from: null, to: at(60), reason: 'gap', lines: 1 },
  ]);
  expect(await windowsOf('qs2')).toMatchObject([{ reason: 'warming_up' }]);
});

it('a session says nothing of what was lost before it began, or noticed long after it had ended', async () => {
  api.pass(5);
  await post('session_start', 'qs1', 5);
  api.pass(15);
  await post('session_stop', 'qs1', 20);
  api.pass(9);
  lose(api.site, null, 'drops', api.now);
  api.pass(3);
  lose(api.site, 'qs1', 'gap', api.now);
  // What was lost by 29 s may have been lost before 20 s; that of 32 s would have been noticed.
  expect(await windowsOf('qs1')).toEqual([{ from: null, to: at(29), reason: 'drops', lines: null }]);
});

it('of a time in which the program did not run a session knows both ends', async () => {
  await post('session_start', 'qs1', 0);
  api.site.tracker.restarted(NOON + 60_000, NOON + 90_000);
  api.now = NOON + 90_000;
  api.site.tick(api.now);
  const windows = (await windowsOf('qs1')) as unknown[];
  expect(windows.at(-1)).toEqual({ from: at(60), to: at(90), reason: 'downtime', lines: null });
  expect(windows.length).toBe(2);
});

it('a loss that was none is not said', async () => {
  await post('session_start', 'qs1', 0);
  api.pass(60);
  lose(api.site, 'qs1', 'restart', api.now);
  expect(await windowsOf('qs1')).toMatchObject([{ reason: 'warming_up' }, { reason: 'restart' }]);
  api.site.losses.withdrawRestart(api.site.identities.host('qs1'));
  expect(await windowsOf('qs1')).toMatchObject([{ reason: 'warming_up' }]);
});
