import type { FastifyInstance } from 'fastify';
import type { ReceiverStats } from '../core/receiver.ts';
import { ingestView } from './ingest-view.ts';
import type { ApiParts } from './parts.ts';
import { integer, NO_QUERY, object, record, text } from './schemas.ts';

const flag = { type: 'boolean' };
/** Receivers and sinks have details of their own. */
const named = { type: 'object', properties: { name: text }, required: ['name'], additionalProperties: true };

const answer = object({
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
  faults: record(integer),
  receivers: { type: 'array', items: named },
  hosts: {
    type: 'array',
    items: object({
      host: text,
      lastEventAt: { ...text, nullable: true },
      keysIgnored: flag,
      bothLayouts: flag,
    }),
  },
  sinks: { type: 'array', items: named },
});

/** `httpStats`: of the one receiver that the API itself holds. */
export function registerIngest(app: FastifyInstance, parts: ApiParts, httpStats: () => ReceiverStats): void {
  app.get('/api/v1/ingest', { schema: { querystring: NO_QUERY, response: { 200: answer } } }, async () =>
    ingestView(parts, [...parts.receivers(), httpStats()]),
  );
}
