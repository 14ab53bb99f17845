import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AddressLimit } from '../../../receivers/exceptionless/address-limit.ts';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const T = Date.UTC(2026, 0, 5, 10);

describe('a limit of 60 a minute', () => {
  let limit: AddressLimit;
  beforeEach(() => {
    limit = new AddressLimit(60);
  });

  it('lets a minute’s worth come at once, and one more each second', () => {
    expect(limit.waitMs('shop', '192.0.2.1', T)).toBe(0);
    limit.took('shop', '192.0.2.1', T, 60);
    expect(limit.waitMs('shop', '192.0.2.1', T)).toBe(1_000);
    expect(limit.waitMs('shop', '192.0.2.1', T + 1_000)).toBe(0);
  });

  it('takes a post whole that is larger than what is left, which is then owed', () => {
    limit.took('shop', '192.0.2.1', T, 90);
    expect(limit.waitMs('shop', '192.0.2.1', T)).toBe(31_000);
  });

  it('is of one key from one address, and an IPv6 /64 is one', () => {
    limit.took('shop', '2001:db8:0:1::1', T, 60);
    expect(limit.waitMs('shop', '2001:db8:0:1:ffff::2', T)).toBeGreaterThan(0);
    expect(limit.waitMs('shop', '2001:db8:0:2::1', T)).toBe(0);
    expect(limit.waitMs('other', '2001:db8:0:1::1', T)).toBe(0);
  });

  it('neither gives nor takes where the clock is set back', () => {
    limit.took('shop', '192.0.2.1', T, 60);
    expect(limit.waitMs('shop', '192.0.2.1', T - 3_600_000)).toBe(1_000);
    expect(limit.waitMs('shop', '192.0.2.1', T - 3_599_000)).toBe(0);
  });

  it('of very many addresses knows those that were heard last', () => {
    limit.took('shop', '192.0.2.1', T, 60);
    for (let n = 0; n < 10_000; n += 1) limit.took('shop', `10.0.${n >> 8}.${n & 255}`, T, 60);
    expect(limit.waitMs('shop', '10.0.39.15', T)).toBeGreaterThan(0);
    expect(limit.waitMs('shop', '192.0.2.1', T)).toBe(0);
  });
});

it('whatever comes and when, in no time does more come than a minute’s worth, what that time brings, and one post', () => {
  const requests = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 50 })), { maxLength: 60 });
  fc.assert(
    fc.property(requests, (sent) => {
      const limit = new AddressLimit(60);
      const taken: { at: number; events: number }[] = [];
      let now = T;
      for (const [passed, events] of sent) {
        now += passed;
        if (limit.waitMs('shop', '192.0.2.1', now) > 0) continue;
        limit.took('shop', '192.0.2.1', now, events);
        taken.push({ at: now, events });
      }
      for (const [from, { at: since }] of taken.entries()) {
        let sum = 0;
        for (const { at, events } of taken.slice(from)) {
          expect(sum).toBeLessThan(60 + (at - since) / 1_000 + 1e-6);
          sum += events;
        }
      }
    }),
  );
});

describe('a receiver that lets 100 events a minute come', () => {
  const KEY = { authorization: 'Bearer exceptionless-test-key', 'content-type': 'application/json' };
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await new ApiUnderTest({
      tokens: [{ name: 'Shop', token: 'exceptionless-test-key', scopes: ['ingest'] }],
      receiver: (parts) => createExceptionlessReceiver({ ...parts, name: 'exceptionless' }, 100),
    }).start();
  });
  afterEach(() => api.stop());

  const logs = (count: number, user: string) =>
    JSON.stringify(
      Array.from({ length: count }, (_, n) => ({
        ...{ type: 'log', message: `${user} ${n}`, date: new Date(api.now).toISOString() },
        data: { '@user': { identity: user } },
      })),
    );
  const post = (count: number, user: string, remoteAddress: string) =>
    api.send({
      ...{ method: 'POST', url: '/api/v2/events', headers: KEY, remoteAddress },
      payload: logs(count, user),
    });
  const beat = (user: string, remoteAddress: string, close = false) =>
    api.send({
      method: 'GET',
      url: `/api/v2/events/session/heartbeat?id=${user}&close=${close}`,
      headers: KEY,
      remoteAddress,
    });

  it('sends further posts of the address away with 503, so that a client keeps them, and counts why', async () => {
    expect((await post(100, 'anna', '192.0.2.1')).statusCode).toBe(202);
    const refused = await post(1, 'bob', '192.0.2.1');
    expect(refused).toMatchObject({
      statusCode: 503,
      body: { statusCode: 503 },
      headers: { 'retry-after': '1', 'access-control-allow-origin': '*' },
    });
    expect(api.pipeline.counters.refused.get('too_fast')).toBe(1);
    expect(api.troubles).toEqual([['too_fast', 'shop, from 192.0.2.1']]);
    expect((await post(1, 'carl', '192.0.2.2')).statusCode).toBe(202);
    api.pass(1);
    expect((await post(1, 'bob', '192.0.2.1')).statusCode).toBe(202);
    expect(api.site.counts.sessions).toBe(3);
  });

  it('hears who is on all the same', async () => {
    await post(100, 'anna', '192.0.2.1');
    expect((await beat('anna', '192.0.2.1')).statusCode).toBe(200);
    expect(api.site.applications.counters.unknownHeartbeats).toBe(0);
  });

  it('takes as many heartbeats, and no more', async () => {
    await post(1, 'anna', '192.0.2.1');
    for (let n = 0; n < 100; n += 1) expect((await beat('anna', '192.0.2.1')).statusCode).toBe(200);
    expect(await beat('anna', '192.0.2.1')).toMatchObject({ statusCode: 503, body: { statusCode: 503 } });
    expect((await post(1, 'anna', '192.0.2.1')).statusCode).toBe(202);
  });

  it('an end is an event', async () => {
    for (let n = 0; n < 100; n += 1) await beat(`nobody-${n}`, '192.0.2.1', true);
    expect((await beat('nobody', '192.0.2.1', true)).statusCode).toBe(503);
  });
});
