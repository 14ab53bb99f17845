import { afterEach, beforeEach, expect, it } from 'vitest';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';
import { recorded, replay } from './recorded.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  const token = { name: 'Shop', token: 'exceptionless-test-key', scopes: ['ingest', 'read'] } as const;
  api = await new ApiUnderTest({
    tokens: [token],
    receiver: (parts) => createExceptionlessReceiver({ ...parts, name: 'exceptionless' }),
  }).start();
});
afterEach(async () => {
  // Everything received is in exactly one place.
  const { received, accepted, duplicates, heartbeats, excluded, refused } = api.pipeline.counters;
  const parts = [accepted, duplicates, heartbeats, excluded, api.pipeline.inFlight, ...refused.values()];
  expect(parts.reduce((sum, n) => sum + n, 0)).toBe(received);
  await api.stop();
});

async function sessions() {
  const { body } = await api.send({ method: 'GET', url: '/api/v1/sessions', headers: KEY });
  return body.items.map(({ user, host, endReason, startExact, identityExact }) => ({
    user: user?.id ?? null,
    host,
    endReason,
    startExact,
    identityExact,
  }));
}

async function notes() {
  const { body } = await api.send({ method: 'GET', url: '/api/v1/events?kind=note', headers: KEY });
  return body.items;
}

const KEY = { authorization: 'Bearer exceptionless-test-key' };
const shop = { host: 'shop', startExact: true, identityExact: true };

it('an end that comes before its start ends it', async () => {
  const requests = recorded('node-natural');
  // It was started a little before its first event.
  await replay(api, requests, Date.parse('2026-11-27T21:47:41.500Z'));
  expect(await sessions()).toEqual([{ ...shop, user: 'anna@example.com', endReason: 'stop' }]);
});

it('a user who is known late gets the session of the id, and the first one keeps it', async () => {
  await replay(api, recorded('node-lateidentityids'));
  expect(await sessions()).toEqual([{ ...shop, user: 'late@example.com', endReason: 'stop' }]);
  expect((await notes()).map(({ user, source }) => [user?.id, source])).toEqual([
    ['other@example.com', 'second'],
    ['late@example.com', 'first'],
  ]);
});

it('another user is another session, although only the first one is beaten for and ended', async () => {
  await replay(api, recorded('node-identitychange'));
  // The end of the first one counts.
  api.pass(15);
  expect(await sessions()).toEqual([
    { ...shop, user: 'bob@example.com', endReason: null },
    { ...shop, user: 'anna@example.com', endReason: 'stop' },
  ]);
  api.pass(301);
  expect((await sessions())[0]).toMatchObject({ user: 'bob@example.com', endReason: 'timeout' });
});

it('a page that is loaded again goes on with its session', async () => {
  await replay(api, recorded('browser-reload'));
  expect(await sessions()).toEqual([{ ...shop, user: 'anna@example.com', endReason: null }]);
});

it('a page that is loaded again begins another session where it makes ids', async () => {
  await replay(api, recorded('browser-reload-ids'));
  expect(await sessions()).toEqual([
    { ...shop, user: 'anna@example.com', endReason: null },
    { ...shop, user: 'anna@example.com', endReason: 'stop' },
  ]);
});

it('two tabs of one user are one session', async () => {
  await replay(api, recorded('browser-two-tabs'));
  const [session, ...more] = await sessions();
  expect(more).toEqual([]);
  expect(session).toMatchObject({ user: 'anna@example.com' });
  expect(await notes()).toHaveLength(1);
});

it('a tab that was in the background goes on under another id, and its late events belong to the first', async () => {
  await replay(api, recorded('browser-visibility-real-ids'));
  expect(await sessions()).toHaveLength(2);
  const found = await notes();
  expect(found.map(({ source }) => source)).toEqual(['in-background', 'before-hide']);
  expect(new Set(found.map(({ sessionId }) => sessionId)).size).toBe(1);
});

it('a name that is not escaped is the name that the client meant', async () => {
  const requests = recorded('node-oddids');
  await replay(api, requests, api.now);
  // None of them has a session.
  expect(api.site.applications.counters.unknownHeartbeats).toBeGreaterThan(5);
  expect(await sessions()).toEqual([]);
});

it('what is sent again after a failure counts once', async () => {
  const requests = recorded('node-status-503');
  await replay(api, requests);
  const again = requests.filter(({ method }) => method === 'POST');
  const before = (await notes()).length;
  await replay(api, again, api.now - (again[0]?.atMs ?? 0));
  expect(await notes()).toHaveLength(before);
  expect(await sessions()).toHaveLength(1);
});

it('equal logs of one millisecond are as many as they were', async () => {
  const requests = recorded('node-duplicates');
  await replay(api, requests);
  const sent = requests.flatMap(({ body }) => (Array.isArray(body) ? (body as { type: string }[]) : []));
  expect(await notes()).toHaveLength(sent.filter(({ type }) => type !== 'session').length);
});

it.each(['node-url-base-path', 'node-url-trailing-slash'])(
  '%s: a path below another one, or with a slash too many, is meant',
  async (name) => {
    const replies = await replay(api, recorded(name));
    expect(replies.map(({ statusCode }) => statusCode).filter((code) => code >= 400)).toEqual([]);
    expect(await sessions()).toHaveLength(1);
  },
);

it('whatever identities and texts there are, a post is taken', async () => {
  const replies = await replay(api, recorded('node-odd-values'));
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([202]);
  expect((await sessions()).map(({ user }) => user)).toEqual(
    expect.arrayContaining(['anna@example.com', '42', 'x'.repeat(1_024)]),
  );
  expect(api.pipeline.counters.refused.get('anonymous')).toBeGreaterThan(1);
});

it('several users of one program each have their session', async () => {
  await replay(api, recorded('node-perevent'));
  const users = (await sessions()).map(({ user }) => user);
  expect(users.sort()).toEqual(['u1', 'u2', 'u3']);
});

it('what a user says of an error is kept with its reference', async () => {
  await replay(api, recorded('node-userdesc'));
  expect(await notes()).toContainEqual(
    expect.objectContaining({ noteType: 'user-description', message: 'it broke', sessionId: null }),
  );
});
