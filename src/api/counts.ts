import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AppNames } from '../contract/app-names.ts';
import { USER_CLASSES, type UserClass } from '../contract/user-class.ts';
import { type AnswerOf, type Json, time } from '../journal/read/answers.ts';
import { type ClassCounts, type Counts, type Gauge, hostsByName } from '../sessions/counts.ts';
import type { Peak } from '../sessions/peak.ts';
import type { Bounds, Range } from '../sessions/quality/bounds.ts';
import { QUALITIES, QUALITY_REASONS } from '../sessions/quality/quality.ts';
import type { Host } from '../sessions/session.ts';
import type { Site } from '../sessions/site.ts';
import { userClass } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { answer, query, type Schema, type SchemaTypes, sendJson } from './schemas.ts';

const count = z.int();
const totals = z.object({ last5s: count, last1m: count, last1h: count, total: count });
const open = { sessions: count, users: count, connections: count };
const ofClass = z.object({ sessions: count, users: count });
const quality = z.enum(QUALITIES);
const reasons = z.array(z.enum(QUALITY_REASONS));
const range = z.object({ low: count, high: count.nullable().describe('null where nobody can know') });
const bounds = z.object({ sessions: range, users: range }).describe('what the truth lies between');
const reconciledAt = time.nullable().describe('when snapshots last agreed with the counts');

const countsAnswer = z.object({
  asOf: time,
  since: time.describe('when the store began; totals count from there'),
  quality,
  reasons,
  reconciledAt,
  active: z.object({
    ...open,
    connectedUsers: count,
    bounds,
    byClass: z.object({ person: ofClass, anonymous: ofClass, service: ofClass }),
  }),
  peakToday: z
    .object({ sessions: count, users: count, at: time.nullable() })
    .describe('the largest numbers since midnight UTC'),
  created: totals,
  destroyed: totals,
  rejected: totals,
  averageDurationSeconds: z
    .number()
    .nullable()
    .describe('of the sessions that ended in the last hour; null where none did'),
  hosts: z.array(
    z.object({
      host: z.string(),
      ...open,
      quality,
      reasons,
      bounds,
      doubtful: z
        .object({ sessions: count, users: count })
        .describe('of which no sign of life came since lines were lost'),
      reconciledAt,
      lastEventAt: time.nullable(),
      silentSince: time.nullable().describe('when its last line came, where more should have come since'),
      clockOffsetSeconds: count.nullable().describe('how far its clock is behind ours; null where unknown'),
    }),
  ),
  virtualProxies: z.array(z.object({ virtualProxy: z.string(), ...open })),
  apps: z
    .array(z.object({ appId: z.string(), appName: z.string().nullable(), connections: count, users: count }))
    .describe('those with an open connection, most connections first'),
});

export type CountsView = AnswerOf<typeof countsAnswer>;

type HostView = CountsView['hosts'][number];

/** The numbers right now, from memory. `now`: ms since 1970 UTC. */
/** Of one class of users, only `active` is: the others are left out there. */
export function countsView(
  site: Site,
  appNames: AppNames,
  now: number,
  only: UserClass | null = null,
): CountsView {
  const { quality, reasons, bounds } = site.quality.at(now);
  return {
    asOf: new Date(now).toISOString(),
    since: new Date(site.quality.since).toISOString(),
    quality,
    reasons,
    reconciledAt: isoOrNull(site.quality.reconciledAt),
    active: activeView(site.counts, bounds, only),
    peakToday: peakToday(site.peak, now),
    ...site.windows(now),
    hosts: hostsByName(site.identities).map((host) => hostView(site, host, now)),
    virtualProxies: byName(site.counts.virtualProxies).map(([virtualProxy, gauge]) => ({
      virtualProxy,
      sessions: gauge.sessions,
      users: gauge.users.size,
      connections: gauge.connections,
    })),
    apps: byConnections(site.counts.apps).map(([appId, gauge]) => ({
      appId,
      appName: appNames.nameOf(appId),
      connections: gauge.connections,
      users: gauge.users.size,
    })),
  };
}

function activeView(counts: Counts, bounds: Bounds, only: UserClass | null): CountsView['active'] {
  const { person, anonymous, service } = counts.byClass;
  const { sessions, users, connections, connectedUsers } = only === null ? counts : counts.byClass[only];
  const sizeOf = (of: ClassCounts) => ({ sessions: of.sessions, users: of.users });
  return {
    ...{ sessions, users, connections, connectedUsers },
    // Whatever is doubtful or hidden may be all of this class.
    bounds: {
      sessions: moved(bounds.sessions, sessions - counts.sessions),
      users: moved(bounds.users, users - counts.users),
    },
    byClass: { person: sizeOf(person), anonymous: sizeOf(anonymous), service: sizeOf(service) },
  };
}

function moved({ low, high }: Range, by: number): Range {
  return { low: Math.max(0, low + by), high: high === null ? null : high + by };
}

function hostView(site: Site, host: Host, now: number): HostView {
  const offsetMs = host.clock?.offsetMs ?? null;
  return {
    host: host.name,
    sessions: host.openSessions,
    users: host.openUsers,
    connections: host.openConnections,
    ...site.quality.ofHost(host, now),
    doubtful: {
      sessions: host.openSessions - host.doubt.sessions,
      users: host.openUsers - host.doubt.users,
    },
    reconciledAt: isoOrNull(host.reconciledAt),
    lastEventAt: host.lastEventAt === 0 ? null : isoOrNull(host.lastEventAt),
    silentSince: isoOrNull(host.rhythm.silentSince(now, host.openSessions, site.startedAt)),
    clockOffsetSeconds: offsetMs === null ? null : Math.round(offsetMs / 1000),
  };
}

function peakToday(peak: Peak, now: number): CountsView['peakToday'] {
  const { sessions, users, at } = peak.at(now) ?? { sessions: 0, users: 0, at: null };
  return { sessions, users, at: isoOrNull(at) };
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

type Named = [name: string, gauge: Gauge];

function byName(gauges: ReadonlyMap<string, Gauge>): Named[] {
  return [...gauges].sort(([a], [b]) => (a < b ? -1 : 1));
}

function byConnections(gauges: ReadonlyMap<string, Gauge>): Named[] {
  return [...gauges].sort(([a, one], [b, other]) => other.connections - one.connections || (a < b ? -1 : 1));
}

export interface CountsAnswer {
  readonly json: Json<CountsView>;
  readonly tag: string;
}

/**
 * The counts as they are answered, made anew only when they may have changed: an event came, or the second did. A page that
 * many have open asks for the same numbers again and again.
 */
export class CurrentCounts {
  readonly #site: Site;
  readonly #appNames: AppNames;
  readonly #only: UserClass | null;
  #changes = -1;
  #second = -1;
  /** Everything but `asOf`, without the brace before it. */
  #rest = '';
  #tag = '';

  /** `only`: of one class of users. */
  constructor(site: Site, appNames: AppNames, only: UserClass | null = null) {
    this.#site = site;
    this.#appNames = appNames;
    this.#only = only;
  }

  /** `now`: ms since 1970 UTC. */
  at(now: number): CountsAnswer {
    const second = Math.floor(now / 1000);
    if (this.#changes !== this.#site.changes || this.#second !== second) {
      const { asOf: _, ...rest } = countsView(this.#site, this.#appNames, now, this.#only);
      const json = JSON.stringify(rest);
      this.#rest = json.slice(1);
      this.#tag = countsTag(json);
      this.#changes = this.#site.changes;
      this.#second = second;
    }
    const json = `{"asOf":"${new Date(now).toISOString()}",${this.#rest}` as Json<CountsView>;
    return { json, tag: this.#tag };
  }
}

/** Of the counts as JSON but for `asOf`. Weak, because two answers that differ in when they were given alone are as good as the same. */
export function countsTag(json: string): string {
  return `W/"${hash('sha256', json, 'base64url').slice(0, 22)}"`;
}

/** Whether an `If-None-Match` has the tag, compared weakly as RFC 9110 says. */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const bare = tag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => {
    const given = each.trim();
    return given === '*' || given.replace(/^W\//, '') === bare;
  });
}

/** Where nothing is sent but the head. */
const NOTHING: Schema<undefined> = { type: 'null' };

const description = {
  summary: 'Who is on right now, in numbers',
  description: 'Has an ETag, which changes with everything but asOf.',
  querystring: query({ class: userClass.describe('leaves the others out of active') }),
  response: {
    200: answer(countsAnswer, 'the numbers, and how right they are'),
    304: { ...NOTHING, description: 'nothing has changed but the time of the answer' },
  },
};

export function registerCounts(app: FastifyInstance, parts: ApiParts, counts: CurrentCounts): void {
  const { now, site, appNames } = parts;
  const ofClass = new Map(USER_CLASSES.map((only) => [only, new CurrentCounts(site, appNames, only)]));
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/counts', { schema: description }, async (request, reply) => {
      const only = request.query.class;
      const wanted = only === undefined ? counts : (ofClass.get(only) ?? counts);
      const { json, tag } = wanted.at(now());
      // No user is named here, so whoever asks may keep it, if only to ask whether it still holds.
      reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
      if (isMatch(request.headers['if-none-match'], tag)) return reply.code(304).send(undefined);
      return sendJson(reply, json);
    });
}
