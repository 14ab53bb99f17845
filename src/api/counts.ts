import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { AppNames } from '../contract/app-names.ts';
import { type Gauge, hostsByName } from '../sessions/counts.ts';
import type { Peak, PeakOfDay } from '../sessions/peak.ts';
import {
  type Bounds,
  QUALITIES,
  QUALITY_REASONS,
  type QualityStatement,
  type Range,
} from '../sessions/quality.ts';
import type { Totals } from '../sessions/series.ts';
import type { Host } from '../sessions/session.ts';
import type { Site } from '../sessions/site.ts';
import type { ApiParts } from './parts.ts';
import { integer, NO_QUERY, number, object, text } from './schemas.ts';

/** What `GET /api/v1/counts` answers. Times are ISO 8601 UTC. */
export interface CountsView extends Omit<QualityStatement, 'bounds'> {
  readonly asOf: string;
  /** When the store began; `total` counts from there. */
  readonly since: string;
  /** When snapshots of every host last agreed with the counts; null where none are taken. */
  readonly reconciledAt: string | null;
  readonly active: {
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
    readonly connectedUsers: number;
    readonly bounds: Bounds;
  };
  /** The largest numbers since midnight UTC. */
  readonly peakToday: Omit<PeakOfDay, 'at'> & { readonly at: string | null };
  readonly created: Totals;
  readonly destroyed: Totals;
  readonly rejected: Totals;
  /** Mean length of the sessions that ended in the last hour; null where none did. */
  readonly averageDurationSeconds: number | null;
  readonly hosts: readonly HostView[];
  readonly virtualProxies: readonly {
    readonly virtualProxy: string;
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
  }[];
  /** Apps with an open connection, most connections first. */
  readonly apps: readonly {
    readonly appId: string;
    readonly appName: string | null;
    readonly connections: number;
    readonly users: number;
  }[];
}

interface HostView extends QualityStatement {
  readonly host: string;
  readonly sessions: number;
  readonly users: number;
  readonly connections: number;
  /** Of these it is not sure that they are still on: no sign of life came since lines were lost. */
  readonly doubtful: { readonly sessions: number; readonly users: number };
  readonly reconciledAt: string | null;
  readonly lastEventAt: string | null;
  /** How far the clock of the host is behind ours; null while that is not known. */
  readonly clockOffsetSeconds: number | null;
}

/** The numbers right now, from memory. `now`: ms since 1970 UTC. */
export function countsView(site: Site, appNames: AppNames, now: number): CountsView {
  const { sessions, users, connections, connectedUsers } = site.counts;
  const { quality, reasons, bounds } = site.quality.at(now);
  return {
    asOf: new Date(now).toISOString(),
    since: new Date(site.quality.since).toISOString(),
    quality,
    reasons,
    reconciledAt: isoOrNull(site.quality.reconciledAt),
    active: { sessions, users, connections, connectedUsers, bounds },
    peakToday: peakToday(site.peak, now),
    ...site.series.windows(now),
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
  /** JSON of a `CountsView`. */
  readonly json: string;
  readonly tag: string;
}

/**
 * The counts as they are answered, made anew only when they may have changed: an event came, or the second did. A page that
 * many have open asks for the same numbers again and again.
 */
export class CurrentCounts {
  readonly #site: Site;
  readonly #appNames: AppNames;
  #changes = -1;
  #second = -1;
  /** Everything but `asOf`, without the brace before it. */
  #rest = '';
  #tag = '';

  constructor(site: Site, appNames: AppNames) {
    this.#site = site;
    this.#appNames = appNames;
  }

  /** `now`: ms since 1970 UTC. */
  at(now: number): CountsAnswer {
    const second = Math.floor(now / 1000);
    if (this.#changes !== this.#site.changes || this.#second !== second) {
      const { asOf: _, ...rest } = countsView(this.#site, this.#appNames, now);
      const json = JSON.stringify(rest);
      this.#rest = json.slice(1);
      this.#tag = countsTag(json);
      this.#changes = this.#site.changes;
      this.#second = second;
    }
    return { json: `{"asOf":"${new Date(now).toISOString()}",${this.#rest}`, tag: this.#tag };
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

const totals = object({ last5s: integer, last1m: integer, last1h: integer, total: integer });
const open = { sessions: integer, users: integer, connections: integer };
const timeOrNull = { ...text, nullable: true };
const range = object({ low: integer, high: { ...integer, nullable: true } } satisfies Record<
  keyof Range,
  object
>);
const bounds = object({ sessions: range, users: range });
const reasons = { type: 'array', items: { ...text, enum: QUALITY_REASONS } };
const quality = { ...text, enum: QUALITIES };

const answer = object({
  asOf: text,
  since: text,
  quality,
  reasons,
  reconciledAt: timeOrNull,
  active: object({ ...open, connectedUsers: integer, bounds }),
  peakToday: object({ sessions: integer, users: integer, at: timeOrNull }),
  created: totals,
  destroyed: totals,
  rejected: totals,
  averageDurationSeconds: { ...number, nullable: true },
  hosts: {
    type: 'array',
    items: object({
      host: text,
      ...open,
      quality,
      reasons,
      bounds,
      doubtful: object({ sessions: integer, users: integer }),
      reconciledAt: timeOrNull,
      lastEventAt: timeOrNull,
      clockOffsetSeconds: { ...integer, nullable: true },
    }),
  },
  virtualProxies: { type: 'array', items: object({ virtualProxy: text, ...open }) },
  apps: {
    type: 'array',
    items: object({
      appId: text,
      appName: { ...text, nullable: true },
      connections: integer,
      users: integer,
    }),
  },
});

const description = {
  summary: 'Who is on right now, in numbers',
  description: 'Has an ETag, which changes with everything but asOf.',
  querystring: NO_QUERY,
  response: {
    200: { ...answer, description: 'the numbers, and how right they are' },
    304: { type: 'null', description: 'nothing has changed but the time of the answer' },
  },
} as const;

export function registerCounts(app: FastifyInstance, { now }: ApiParts, counts: CurrentCounts): void {
  app.get('/api/v1/counts', { schema: description }, async (request, reply) => {
    const { json, tag } = counts.at(now());
    // No user is named here, so whoever asks may keep it, if only to ask whether it still holds.
    reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
    if (isMatch(request.headers['if-none-match'], tag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(json);
  });
}
