import { FaultyHosts } from './faulty-hosts.ts';

/** What became of what was read. */
export interface IngestCounters {
  /** Datagrams, frames or items read, before any refusal; each line of several in one. */
  received: number;
  /** Of these, lines behind the first one of a message that held several. */
  furtherLines: number;
  accepted: number;
  duplicates: number;
  heartbeats: number;
  excluded: number;
  readonly refused: Map<string, number>;
  /** Lines of which a broken converter was seen, or that had to be guessed. */
  readonly faults: Map<string, number>;
  readonly faultyHosts: FaultyHosts;
}

export function countersAtZero(): IngestCounters {
  return {
    ...{ received: 0, furtherLines: 0, accepted: 0, duplicates: 0, heartbeats: 0, excluded: 0 },
    refused: new Map(),
    faults: new Map(),
    faultyHosts: new FaultyHosts(),
  };
}
