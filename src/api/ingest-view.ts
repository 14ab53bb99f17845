import { hostsByName } from '../core/counts.ts';
import type { ReceiverStats } from '../core/receiver.ts';
import type { ApiParts } from './parts.ts';

/**
 * What `GET /api/v1/ingest` answers:
 * `received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight`.
 * The counters begin with the program, those of the tracking with the store.
 */
export function ingestView(parts: ApiParts, receivers: readonly ReceiverStats[]) {
  const { received, accepted, duplicates, heartbeats, excluded, refused, faults } = parts.counters;
  const { orphanStops, orphanCloses, keyMismatches } = parts.site.tracker.counters;
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
    faults: Object.fromEntries(faults),
    receivers,
    hosts: hostsByName(parts.site.identities).map(({ name, lastEventAt, keysIgnored, layouts }) => ({
      host: name,
      lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
      keysIgnored,
      bothLayouts: layouts.areBoth(parts.now()),
    })),
    sinks: parts.sinks(),
  };
}
