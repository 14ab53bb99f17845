import { NUMBER, Table, TEXT } from './table.ts';

/** Up to where events of other Headcounts were taken: for each partition of each store that forwards its events. */
export const EDGES = new Table(
  'edges',
  { edge: TEXT, site: TEXT, partition: NUMBER, seq: NUMBER, stream: TEXT, stream_seq: NUMBER },
  { constraint: 'PRIMARY KEY (edge, partition)', isWithoutRowid: true, since: 6 },
);
