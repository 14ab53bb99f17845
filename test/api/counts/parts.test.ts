import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { ApiUnderTest } from '../api-under-test.ts';
import { distinct, everyRejection, everySession, Looked, type SeenSession } from './every-item.ts';
import { anyEvents, anyMoment, anyPart, type PartQuery, queryOf } from './random-site.ts';

const apis: ApiUnderTest[] = [];
afterAll(() => Promise.all(apis.map((api) => api.stop())));

const WINDOWS = { last5s: 5_000, last1m: 60_000, last1h: 3_600_000 };

/** So many of these times lie in the windows that end at a moment, the moment itself included. */
const within = (times: readonly (number | null)[], moment: number) =>
  Object.fromEntries(
    Object.entries(WINDOWS).map(([name, length]) => [
      name,
      times.filter((at) => at !== null && at > moment - length && at <= moment).length,
    ]),
  );

function openAt(all: readonly SeenSession[], part: PartQuery, at: number) {
  const found = new Looked(all, part).at(at);
  const open = found.flatMap((each) => each.open);
  const summed = (some: typeof found) => ({
    sessions: some.length,
    users: distinct(some.map(({ session }) => session.user)),
    connections: some.reduce((sum, each) => sum + each.open.length, 0),
  });
  const by = (nameOf: (each: SeenSession) => string | null) =>
    [...Map.groupBy(found, ({ session }) => nameOf(session))]
      .flatMap(([name, some]) => (name === null ? [] : [{ name, ...summed(some) }]))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const ofClass = (name: string) => {
    const { connections: _, ...rest } = summed(found.filter(({ session }) => session.class === name));
    return rest;
  };
  const apps = new Set(open.flatMap(({ appId }) => (appId === null ? [] : [appId])));
  return {
    active: {
      ...summed(found),
      connectedUsers: distinct(
        found.filter((each) => each.open.length > 0).map(({ session }) => session.user),
      ),
      byClass: {
        person: ofClass('person'),
        anonymous: ofClass('anonymous'),
        service: ofClass('service'),
      },
    },
    hosts: by(({ host }) => host),
    virtualProxies: by(({ virtualProxy }) => virtualProxy),
    apps: Array.from(apps, (appId) => ({
      appId,
      connections: open.filter((each) => each.appId === appId).length,
      users: distinct(
        found
          .filter((each) => each.open.some((one) => one.appId === appId))
          .map(({ session }) => session.user),
      ),
    })).sort((a, b) => b.connections - a.connections || (a.appId < b.appId ? -1 : 1)),
  };
}

const NOTHING_KNOWN = { last5s: null, last1m: null, last1h: null, total: null };

async function happenedBefore(api: ApiUnderTest, all: readonly SeenSession[], part: PartQuery, at: number) {
  const { counted } = new Looked(all, part);
  const ended = counted.filter(({ to }) => to !== null && to > at - WINDOWS.last1h && to <= at);
  const sum = ended.reduce((total, { from, to }) => total + (to ?? 0) - from, 0);
  const rejected = (await everyRejection(api)).filter(({ host }) => (part.host ?? host) === host);
  const areNamed = part.virtualProxy === undefined && part.app === undefined;
  return {
    created: {
      ...within(
        counted.map(({ from }) => from),
        at,
      ),
      total: null,
    },
    destroyed: {
      ...within(
        counted.map(({ to }) => to),
        at,
      ),
      total: null,
    },
    rejected: areNamed
      ? {
          ...within(
            rejected.map((each) => each.at),
            at,
          ),
          total: null,
        }
      : NOTHING_KNOWN,
    averageDurationSeconds: ended.length === 0 ? null : Math.round(sum / ended.length) / 1_000,
  };
}

/** What is compared: names and numbers. */
function seen(body: Readonly<Record<string, unknown>>) {
  const list = (name: string) => body[name] as Readonly<Record<string, unknown>>[];
  const { bounds: _, ...active } = body['active'] as Readonly<Record<string, unknown>>;
  const counts = ({ sessions, users, connections }: Readonly<Record<string, unknown>>) => ({
    ...{ sessions, users, connections },
  });
  return {
    active,
    hosts: list('hosts').map((each) => ({ name: each['host'], ...counts(each) })),
    virtualProxies: list('virtualProxies').map((each) => ({ name: each['virtualProxy'], ...counts(each) })),
    apps: list('apps').map(({ appId, connections, users }) => ({ appId, connections, users })),
    ...{ created: body['created'], destroyed: body['destroyed'], rejected: body['rejected'] },
    averageDurationSeconds: body['averageDurationSeconds'],
  };
}

const siteOf = async (events: readonly object[]) => {
  const api = await new ApiUnderTest().start();
  apis.push(api);
  expect((await api.post(events)).statusCode).toBe(202);
  // Some time out.
  api.pass(2);
  api.now += 500;
  return api;
};

const someParts = fc.uniqueArray(anyPart, { minLength: 6, maxLength: 12, selector: queryOf });

it('counts of a part at a past moment are what looking at every session says, whatever happened', async () => {
  const ask = async (events: readonly object[], parts: readonly PartQuery[], moments: readonly number[]) => {
    const api = await siteOf(events);
    const all = await everySession(api);
    for (const [place, part] of parts.entries()) {
      const at = moments[place % moments.length] as number;
      const asked = queryOf({ ...part, at: new Date(at).toISOString() });
      const { statusCode, body } = await api.get(`/api/v1/counts?${asked}`);
      expect(statusCode).toBe(200);
      const expected = { ...openAt(all, part, at), ...(await happenedBefore(api, all, part, at)) };
      expect(seen(body)).toEqual(expected);
      const { asOf, quality, reasons, total } = (await api.get(`/api/v1/sessions?${asked}`)).body;
      expect(body).toMatchObject({ asOf, quality, reasons, active: { sessions: total } });
    }
  };
  const moments = fc.array(anyMoment, { minLength: 4, maxLength: 12 });
  await fc.assert(fc.asyncProperty(anyEvents, someParts, moments, ask), { numRuns: 8 });
}, 60_000);

it('counts of a part right now are what looking at every session says, whatever happened', async () => {
  const ask = async (events: readonly object[], parts: readonly PartQuery[]) => {
    const api = await siteOf(events);
    const all = await everySession(api);
    const whole = seen((await api.get('/api/v1/counts')).body);
    // There, hosts are also those on which nobody is.
    const hosts = whole.hosts.filter(({ sessions }) => sessions !== 0);
    expect({ ...whole, hosts }).toMatchObject(openAt(all, {}, api.now));
    for (const part of parts.filter((each) => Object.keys(each).length > 0)) {
      const { body } = await api.get(`/api/v1/counts?${queryOf(part)}`);
      expect(seen(body)).toMatchObject(openAt(all, part, api.now));
      // What is written down second by second stands as it was known then.
      if (Object.keys(part).length === 1 && part.app === undefined) continue;
      const endOfSecond = Math.floor(api.now / 1_000) * 1_000 + 999;
      expect(seen(body)).toMatchObject(await happenedBefore(api, all, part, endOfSecond));
    }
  };
  await fc.assert(fc.asyncProperty(anyEvents, someParts, ask), { numRuns: 8 });
}, 60_000);

it('what happened on each host adds up to what happened', async () => {
  const names = ['created', 'destroyed', 'rejected'] as const;
  const windows = ['last5s', 'last1m', 'last1h'] as const;
  const add = async (events: readonly object[]) => {
    const api = await siteOf(events);
    const happened = async (query: string) => {
      const { body } = await api.get(`/api/v1/counts${query}`);
      const of = body as unknown as Record<string, Record<string, number>>;
      return names.flatMap((name) => windows.map((window) => of[name]?.[window] ?? Number.NaN));
    };
    const hosts = await Promise.all(['qs1', 'qs2', 'qs3'].map((host) => happened(`?host=${host}`)));
    const sums = hosts.reduce((sum, each) => sum.map((n, place) => n + (each[place] ?? Number.NaN)));
    expect(sums).toEqual(await happened(''));
  };
  await fc.assert(fc.asyncProperty(anyEvents, add), { numRuns: 5 });
}, 60_000);
