import type { DatabaseSync } from 'node:sqlite';
import { identityOn } from '../contract/identity.ts';
import type { EdgePosition } from '../contract/sites/forwarding.ts';
import type { NameLookup } from './name-lookup.ts';

/** Up to where the events of each edge are in the journal. */
export function positionsOf(database: DatabaseSync): EdgePosition[] {
  const rows = database.prepare('SELECT * FROM edges ORDER BY edge, partition').all();
  return rows.map((row) => ({
    edge: String(row['edge']),
    site: String(row['site']),
    partition: Number(row['partition']),
    seq: Number(row['seq']),
    stream: String(row['stream']),
    streamSeq: Number(row['stream_seq']),
  }));
}

/** Identities of events after a number that carry one, oldest first, each with its arrival: a million, perhaps. */
export function eventIdsOf(database: DatabaseSync, names: NameLookup, after: number): [string, number][] {
  const ids: [string, number][] = [];
  const statement = database.prepare(
    'SELECT event_id, received_at, host FROM events WHERE seq > ? AND event_id IS NOT NULL ORDER BY seq',
  );
  for (const { event_id: eventId, received_at: receivedAt, host } of statement.iterate(after)) {
    ids.push([identityOn(names.string(Number(host)) ?? '', String(eventId)), Number(receivedAt)]);
  }
  return ids;
}
