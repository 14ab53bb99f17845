import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

const NAMES = 30_000;
const HOSTS = 10_000;
const GHOST = { address: '192.0.2.66', port: 4711 };

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const start = (host: string, id: string) => ({ type: 'session_start', user: { directory: 'LAB', id }, host });

it('names that somebody makes up take no room from a new node, no answer grows with them, and history is whole', async () => {
  await api.post(Array.from({ length: 50 }, (_, n) => start('real', `user${n}`)));
  for (let n = 0; n < NAMES; n += 1) {
    const line = `/qseow-proxy-connection/;made-up-${n % HOSTS};Open connection;LAB;ghost${n};AppAccess;/app/app${n};Opened`;
    api.pipeline.receive(Buffer.from(line), GHOST, api.now);
  }
  await api.settle();
  expect((await api.post([start('new', 'anna'), start('new', 'bert')])).body).toMatchObject({ accepted: 2 });

  const { body: ingest } = await api.get('/api/v1/ingest');
  expect(ingest).toMatchObject({ received: NAMES + 52, accepted: NAMES + 52, refused: {}, inFlight: 0 });
  const { body: counts } = await api.get('/api/v1/counts');
  const total = Number(counts['hostsTotal']);
  expect(total).toBeLessThanOrEqual(2_000);
  expect(counts).toMatchObject({ created: { total: NAMES + 52 } });
  for (const list of [ingest['hosts'], counts['hosts'], counts['apps']]) {
    expect((list as unknown as unknown[]).length).toBeLessThanOrEqual(100);
  }
  const hosts = counts['hosts'] as unknown as { host: string; sessions: number }[];
  expect(hosts.find(({ host }) => host === 'real')).toMatchObject({ sessions: 50 });
  const { body: ofNew } = await api.get('/api/v1/sessions?active=true&host=new');
  expect(ofNew['items']).toHaveLength(2);
  const { body: history } = await api.get('/api/v1/sessions?host=real&limit=1000');
  expect(history['items']).toHaveLength(50);
});
