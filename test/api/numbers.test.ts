import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secondsOf } from '../../src/contract/seconds.ts';
import { ApiUnderTest, NOON, SALES } from './api-under-test.ts';

const decimals = (number: number) => /\.(\d+)/.exec(String(number))?.[1]?.length ?? 0;

/** The paths of all numbers with more than three decimals. */
function longNumbers(value: unknown, path: string): string[] {
  if (typeof value === 'number') return decimals(value) > 3 ? [`${path}: ${value}`] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => longNumbers(each, `${path}.${name}`));
}

it('seconds have three decimals at most, whatever the milliseconds', () => {
  const milliseconds = fc.oneof(
    fc.double({ min: 0, max: 1e5, noNaN: true }),
    fc.double({ min: 0, max: 1e12, noNaN: true }),
  );
  fc.assert(
    fc.property(milliseconds, (ms) => {
      const seconds = secondsOf(ms);
      expect(decimals(seconds)).toBeLessThanOrEqual(3);
      expect(Math.abs(seconds * 1000 - ms)).toBeLessThanOrEqual(0.51);
    }),
    { numRuns: 1000 },
  );
});

describe('no number in an answer has more than three decimals', () => {
  const api = new ApiUnderTest();
  const lengths = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 12 });
  let paths: string[];
  let posted = 0;

  beforeAll(async () => {
    await api.start();
    const { paths: described } = (await api.get('/api/v1/openapi.json')).body as unknown as {
      readonly paths: Readonly<Record<string, { readonly get?: object }>>;
    };
    paths = Object.keys(described).filter((path) => described[path]?.get !== undefined);
  });
  afterAll(() => api.stop());

  /** Sessions of these lengths in milliseconds, all ended a minute ago, and one that is on. */
  async function visitsOf(milliseconds: readonly number[]): Promise<void> {
    const items = milliseconds.flatMap((length) => {
      const user = { directory: 'LAB', id: `u${posted++}` };
      const startedAt = NOON - 120_000;
      return [
        { type: 'session_start', user, host: 'qs1', at: new Date(startedAt).toISOString() },
        { type: 'connection_open', user, host: 'qs1', appId: SALES, at: new Date(startedAt).toISOString() },
        { type: 'session_stop', user, host: 'qs1', at: new Date(startedAt + length).toISOString() },
      ];
    });
    const on = { type: 'session_start', user: { directory: 'LAB', id: `u${posted++}` }, host: 'qs2' };
    expect((await api.post([...items, on])).statusCode).toBe(202);
    api.now += 7;
  }

  async function isShort(url: string): Promise<void> {
    const { statusCode, headers, body, text } = await api.get(url);
    if (String(headers['content-type']).startsWith('text/event-stream')) return;
    expect(statusCode, url).toBe(200);
    expect(longNumbers(body, url)).toEqual([]);
    if (url !== '/metrics') return;
    const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(values.filter((line) => decimals(Number(line.split(' ').at(-1))) > 3)).toEqual([]);
  }

  it('whatever the sessions lasted', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (milliseconds) => {
        await visitsOf(milliseconds);
        const [session] = (await api.get('/api/v1/sessions')).body.items;
        for (const path of paths) await isShort(path.replace('{id}', session?.id ?? ''));
        for (const window of ['1h', '1d', '1w']) await isShort(`/api/v1/series?window=${window}`);
      }),
      { numRuns: 20 },
    );
    const { averageDurationSeconds } = (await api.get('/api/v1/counts')).body;
    expect(averageDurationSeconds).toBeGreaterThan(0);
  });
});
