import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WrongTokens } from '../../../src/api/access/wrong-tokens.ts';
import { ApiUnderTest } from '../api-under-test.ts';
import { Exposition } from '../metrics/exposition.ts';

const READ = 'reader-0123456789abcdef';
const INGEST = 'sender-0123456789abcdef';
const WRONG = 'nobody-0123456789abcdef';
const HERE = '192.0.2.7';

describe('the API', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    const tokens = [
      { name: 'reader', token: READ, scopes: ['read'] as const },
      { name: 'sender', token: INGEST, scopes: ['ingest'] as const },
    ];
    api = await new ApiUnderTest({ tokens }).start();
  });
  afterEach(() => api.stop());

  const ask = (token: string | null, remoteAddress = HERE, url = '/api/v1/counts') => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    return api.send({ method: 'GET', url, headers, remoteAddress });
  };
  const guess = async (times: number) => {
    for (let n = 0; n < times; n += 1) expect((await ask(WRONG)).statusCode).toBe(401);
  };

  it('answers 429 after 20 wrong tokens of one address, until its minute is over', async () => {
    await guess(1);
    api.now += 10_500;
    await guess(19);
    const { statusCode, headers, body } = await ask(WRONG);
    expect([statusCode, headers['retry-after']]).toEqual([429, '50']);
    expect(body.message).toBe('too many wrong tokens from this address; come again in 50 s');
    expect(headers['www-authenticate']).toBeUndefined();
    // A browser behind the same proxy has to be asked for its password.
    const unasked = await ask(null);
    expect(unasked.statusCode).toBe(401);
    expect(unasked.headers['www-authenticate']).toBeDefined();
    expect((await ask(WRONG, '192.0.2.8')).statusCode).toBe(401);
    api.now += 49_500;
    await guess(20);
    expect((await ask(WRONG)).statusCode).toBe(429);
  });

  it('lets a right token in from an address that gave too many wrong ones', async () => {
    await guess(20);
    expect((await ask(READ)).statusCode).toBe(200);
    expect((await ask(INGEST)).statusCode).toBe(403);
    expect((await ask(null, HERE, '/healthz')).statusCode).toBe(200);
    expect((await ask(WRONG)).statusCode).toBe(429);
  });

  it('does not count who gives none', async () => {
    for (let n = 0; n < 30; n += 1) expect((await ask(null)).statusCode).toBe(401);
    expect(api.troubles).toEqual([]);
  });

  it('counts every wrong one, and says from where and where to, never which', async () => {
    await guess(1);
    await ask(WRONG, '2001:db8::7', `/nope/${WRONG}?token=${WRONG}`);
    await ask(WRONG, HERE, `/api/v1/sessions/${WRONG}`);
    expect(api.troubles).toEqual([
      ['wrong token', '192.0.2.7: GET /api/v1/counts'],
      ['wrong token', '2001:db8::7: GET a path that there is not'],
      ['wrong token', '192.0.2.7: GET /api/v1/sessions/:id'],
    ]);
    const metrics = new Exposition((await ask(READ, HERE, '/metrics')).text);
    expect(metrics.value('headcount_wrong_tokens_total')).toBe(3);
  });
});

describe('wrong tokens', () => {
  const clock = { ms: 0 };
  beforeEach(() => {
    clock.ms = 1_700_000_000_000;
  });
  const wrongTokens = () => new WrongTokens(() => clock.ms);

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::1', '::2', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['192.0.2.1', '192.0.2.2', false],
  ])('of %s and %s are counted together: %s', (one, other, together) => {
    const wrong = wrongTokens();
    for (let n = 0; n < 20; n += 1) wrong.add(one);
    expect(wrong.waitSeconds(one)).toBe(60);
    expect(wrong.waitSeconds(other)).toBe(together ? 60 : 0);
  });

  it('of a million addresses are remembered for the latest thousands only', () => {
    const wrong = wrongTokens();
    for (let n = 0; n < 20; n += 1) wrong.add('192.0.2.1');
    for (let n = 0; n < 1_000_000; n += 1) wrong.add(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(wrong.count).toBe(1_000_020);
    expect(wrong.waitSeconds('192.0.2.1')).toBe(0);
  });

  it('are forgotten when the clock is set back', () => {
    const wrong = wrongTokens();
    for (let n = 0; n < 20; n += 1) wrong.add('192.0.2.1');
    clock.ms -= 3_600_000;
    expect(wrong.waitSeconds('192.0.2.1')).toBe(0);
    wrong.add('192.0.2.1');
    expect(wrong.waitSeconds('192.0.2.1')).toBe(0);
  });
});
