import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest } from '../../api/api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const ann = { directory: 'LAB', id: 'ann' };
const start = { type: 'session_start', user: ann, host: 'qs1' };

/** The one event that was posted, as `/api/v1/events` shows it. */
async function onlyEvent(item: object) {
  const { body } = await api.post([item]);
  expect(body).toMatchObject({ accepted: 1, refused: [] });
  const { items } = (await api.get('/api/v1/events')).body;
  expect(items).toHaveLength(1);
  return items[0];
}

const names = [
  '<img src=x onerror=alert(1)>',
  "=cmd|' /C calc'!A0",
  '__proto__',
  'constructor',
  'a\u0000b',
  'line\r\nbreak',
  '\u202eevil\u202c',
  "'; DROP TABLE events; --",
  '%_*?[]',
  'ß İ ſ 👩‍💻',
  'x'.repeat(1024),
];

it.each(names)('%j goes in and comes out as it is', async (name) => {
  const user = { directory: name, id: name };
  const fields = {
    host: `h-${name.slice(0, 9)}`,
    virtualProxy: name,
    appId: name,
    origin: name,
    message: name,
  };
  const event = await onlyEvent({ type: 'connection_open', user, context: name, ...fields });
  expect(event).toMatchObject({ user, virtualProxy: name, appId: name.toLowerCase(), origin: name });
  const query = encodeURIComponent(`${name}\\${name}`);
  const { items } = (await api.get(`/api/v1/sessions?user=${query}`)).body;
  expect(items).toMatchObject([{ user, virtualProxy: name }]);
  const counts = (await api.get('/api/v1/counts')).body;
  expect(counts).toMatchObject({ apps: [{ appId: name.toLowerCase(), appName: null }] });
  for (const filter of ['virtualProxy', 'app', 'host']) {
    const value = filter === 'host' ? fields.host : name;
    const { body } = await api.get(`/api/v1/sessions?${filter}=${encodeURIComponent(value)}`);
    expect(body.items).toHaveLength(1);
  }
});

it('half a surrogate pair becomes the replacement character in a text, and is refused in the name of a user', async () => {
  expect(await onlyEvent({ ...start, message: '\udfff' })).toMatchObject({ message: '\ufffd' });
  const { body } = await api.post([
    { ...start, user: { directory: 'LAB', id: 'x\ud800y' } },
    { ...start, user: { directory: 'LAB\udfff', id: 'x' } },
    { ...start, user: { directory: 'LAB', id: 'x\ufffdy' } },
  ]);
  const expected = 'expected whole characters, found half a surrogate pair';
  expect(body.refused).toEqual([
    { index: 0, reason: `user.id: ${expected}` },
    { index: 1, reason: `user.directory: ${expected}` },
  ]);
});

it('texts of 60 KB are refused as names and cut as messages', async () => {
  const long = '👩'.repeat(30_000);
  const { body } = await api.post([
    { ...start, user: { directory: 'LAB', id: long } },
    { ...start, virtualProxy: long },
  ]);
  expect(body.refused).toHaveLength(2);
  const event = await onlyEvent({ ...start, message: long, context: long, userAgent: long });
  expect(event?.['message']).toBe('👩'.repeat(2048));
  expect(event?.['context']).toBe('👩'.repeat(1024));
});
