import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOn, storedIdentity } from '../../../src/contract/identity.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { StoredSite } from '../../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../../sessions/model/event-arbitrary.ts';

const ONE = 'one-0123456789abcdef==';
const OTHER = 'other-0123456789abcdef';
const start = { type: 'session_start', user: { directory: 'LAB', id: 'ann' }, host: 'qs1', id: '1' };

describe('the id of an event', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await new ApiUnderTest({
      tokens: [
        { name: 'one', token: ONE, scopes: ['ingest', 'read'] },
        { name: 'other', token: OTHER, scopes: ['ingest'] },
      ],
    }).start();
  });
  afterEach(() => api.stop());

  const post = async (token: string, item: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const { body } = await api.send({
      method: 'POST',
      url: '/api/v1/events',
      headers,
      payload: JSON.stringify([item]),
    });
    return [body['accepted'], body['duplicates']];
  };

  it('is that of its sender, and of its host: each may count from 1', async () => {
    expect(await post(ONE, start)).toEqual([1, 0]);
    expect(await post(ONE, start)).toEqual([0, 1]);
    expect(await post(OTHER, start)).toEqual([1, 0]);
    expect(await post(OTHER, start)).toEqual([0, 1]);
    expect(await post(ONE, { ...start, host: 'qs2' })).toEqual([1, 0]);
  });

  it('is told as it was given', async () => {
    await post(ONE, start);
    const { body } = await api.send({
      method: 'GET',
      url: '/api/v1/events',
      headers: { authorization: `Bearer ${ONE}` },
    });
    expect(body['items']).toMatchObject([{ eventId: '1' }]);
  });
});

it('identities that a restart finds are those that were remembered', () => {
  const stored = new StoredSite(SETTINGS);
  try {
    const given = [
      { eventId: '1', identifiedBy: 'token one' },
      { eventId: '1', identifiedBy: 'token one', host: 'node2' },
      { eventId: '1', identifiedBy: 'token\u00a0other' },
      { eventId: 'digest' },
    ];
    const events = given.map((each) => eventAt('session_start', EPOCH, each));
    for (const event of events) stored.apply(event);
    stored.commit(EPOCH, true);
    stored.killAndRestart();
    const expected = events.map((event) => identityOn(event.host, storedIdentity(event) ?? ''));
    expect(stored.eventIds.map(([identity]) => identity)).toEqual(expected);
    expect(new Set(expected).size).toBe(4);
  } finally {
    stored.dispose();
  }
});
