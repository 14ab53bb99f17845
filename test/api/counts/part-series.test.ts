import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest, NOON, SALES } from '../api-under-test.ts';
import { distinct, everySession, Looked } from './every-item.ts';
import { anyPart, eventsAt, type PartQuery, queryOf } from './random-site.ts';

const api = new ApiUnderTest();
/** It runs for two minutes after noon. */
beforeAll(async () => {
  await api.start();
  api.pass(125);
});
afterAll(() => api.stop());

const iso = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();
const STEPS = { '1s': 1_000, '5s': 5_000, '1m': 60_000 } as const;
const isCombined = (part: PartQuery) => Object.keys(part).length > 1;
/** Some of it before the program ran. */
const events = eventsAt(fc.integer({ min: -90_000, max: 120_000 }).map((ms) => NOON + ms));
const anyStep = fc.constantFrom(...(['1s', '5s', '1m'] as const));

it('series of several names are what looking at every session says, whatever happened', async () => {
  const ask = async (some: readonly object[], questions: readonly [PartQuery, keyof typeof STEPS][]) => {
    expect((await api.post(some)).statusCode).toBe(202);
    const all = await everySession(api);
    for (const [part, step] of questions) {
      const range = { step, from: iso(-60), to: iso(120) };
      const ofAll = (await api.get(`/api/v1/series?${queryOf(range)}`)).body.points;
      const ran = new Set(ofAll.flatMap(({ at, active }) => (active === null ? [] : [at])));
      expect(ran.size).toBeGreaterThan(0);
      const query = queryOf({ ...part, ...range });
      const { statusCode, body } = await api.get(`/api/v1/series?${query}`);
      expect(statusCode).toBe(200);
      const looked = new Looked(all, part);
      const { counted } = looked;
      for (const { at, ...numbers } of body.points) {
        const [from, to] = [Date.parse(at), Date.parse(at) + STEPS[step]];
        const inStep = (time: number | null) => time !== null && time >= from && time < to;
        const isRunning = ran.has(at);
        // At the end of the step.
        const open = looked.at(to - 1).flatMap((each) => each.open);
        const sessions = looked.at(to - 1);
        const knownOr = (count: number) => (isRunning ? count : count || null);
        expect(numbers, `${query} ${at}`).toEqual({
          created: knownOr(counted.filter((each) => inStep(each.from)).length),
          destroyed: knownOr(counted.filter((each) => inStep(each.to)).length),
          rejected: null,
          active: isRunning ? (part.app === undefined ? sessions : open).length : null,
          users: isRunning ? distinct(sessions.map(({ session }) => session.user)) : null,
          connections: isRunning ? open.length : null,
          ...{ connectedUsers: null, sessionsLow: null, sessionsHigh: null, usersLow: null, usersHigh: null },
        });
      }
    }
  };
  const questions = fc.array(fc.tuple(anyPart.filter(isCombined), anyStep), { minLength: 1, maxLength: 4 });
  await fc.assert(fc.asyncProperty(events, questions, ask), { numRuns: 15 });
}, 60_000);

it('windows and days of several names have as many points as those of one', async () => {
  for (const query of ['window=1h', 'window=1w', 'step=1d&from=2026-05-18T00:00:00Z&timeZone=Asia/Kolkata']) {
    const one = (await api.get(`/api/v1/series?${query}&host=qs1`)).body;
    const both = (await api.get(`/api/v1/series?${query}&host=qs1&app=${SALES}`)).body;
    expect(both.points.map(({ at }) => at)).toEqual(one.points.map(({ at }) => at));
    expect(both).toMatchObject({ window: one['window'], stepSeconds: one['stepSeconds'] });
    const isKnown = ({ active }: Readonly<Record<string, unknown>>) => active !== null;
    expect(both.points.map(isKnown)).toEqual(one.points.map(isKnown));
  }
});

it('a series of several names may be had as CSV', async () => {
  const { text } = await api.get(`/api/v1/series?step=1m&host=qs1&virtualProxy=sales&format=csv`);
  expect(text.split('\r\n')[0]).toBe(
    'at,created,destroyed,rejected,active,users,connections,sessionsLow,sessionsHigh,usersLow,usersHigh,connectedUsers',
  );
});
