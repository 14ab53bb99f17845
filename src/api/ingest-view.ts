import { hostsByName } from '../core/counts.ts';
import type { ReceiverStats } from '../core/receiver.ts';
import type { ApiParts } from './parts.ts';

/**
 * What `GET /api/v1/ingest` answers:
 * `received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight`.
 * The counters begin with the program, those of the tracking and of missing rows with the store.
 */
export function ingestView(parts: ApiParts, receivers: readonly ReceiverStats[]) {
  const { received, accepted, duplicates, heartbeats, excluded, refused, faults } = parts.counters;
  const { tracker, rowNumbers } = parts.site;
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
    receivers,
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
