import type { FastifyInstance } from 'fastify';
import { hostsByName } from '../sessions/counts.ts';
import type { ApiParts } from './parts.ts';
import { flag, integer, NO_QUERY, object, record, text } from './schemas.ts';

/**
 * What `GET /api/v1/ingest` answers:
 * `received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight`.
 * The counters begin with the program, those of the tracking and of missing rows with the store.
 */
export function ingestView(parts: ApiParts) {
  const { received, accepted, duplicates, heartbeats, excluded, refused, faults } = parts.counters;
  const { tracker, lostLines: rowNumbers } = parts.site;
  const { orphanStops, orphanCloses, keyMismatches } = tracker.counters;
  return {
    received,
    accepted,
    duplicates,
    heartbeats,
    excluded,
    refused: Object.fromEntries(refused),
    inFlight: parts.inFlight(),
    orphanStops,
    orphanCloses,
    keyMismatches,
    rowsMissing: rowNumbers.missing,
    faults: Object.fromEntries(faults),
    receivers: parts.receivers.map((receiver) => receiver.stats()),
    hosts: hostsByName(parts.site.identities).map(({ name, lastEventAt, keysIgnored, layouts }) => ({
      host: name,
      lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
      keysIgnored,
      bothLayouts: layouts.areBoth(parts.now()),
      rowsMissing: rowNumbers.missingOf(name),
    })),
    sinks: parts.sinks(),
  };
}

/** Receivers and sinks have details of their own. */
const named = { type: 'object', properties: { name: text }, required: ['name'], additionalProperties: true };

const answer = object({
  since: { ...text, description: 'the start of the program, from which counters count' },
  received: integer,
  accepted: integer,
  duplicates: integer,
  heartbeats: integer,
  excluded: integer,
  refused: record(integer),
  inFlight: integer,
  orphanStops: integer,
  orphanCloses: integer,
  keyMismatches: integer,
  rowsMissing: {
    ...integer,
    description: 'lines that hosts numbered and that never came, since the store began',
  },
  faults: record(integer),
  receivers: { type: 'array', items: named },
  hosts: {
    type: 'array',
    items: object({
      host: text,
      lastEventAt: { ...text, nullable: true },
      keysIgnored: flag,
      bothLayouts: flag,
      rowsMissing: {
        ...integer,
        nullable: true,
        description: 'null where its lines are not numbered one by one',
      },
    }),
  },
  sinks: { type: 'array', items: named },
});

const description = {
  summary: 'What came in and what became of it',
  description: 'received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight, always.',
  querystring: NO_QUERY,
  response: { 200: { ...answer, description: 'counters since the program started' } },
};

export function registerIngest(app: FastifyInstance, parts: ApiParts): void {
  const since = new Date(parts.now()).toISOString();
  app.get('/api/v1/ingest', { schema: description }, async () => ({
    since,
    ...ingestView(parts),
  }));
}
