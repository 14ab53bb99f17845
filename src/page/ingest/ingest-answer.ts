import type { StormView } from '../../api/storms.ts';
import type { PollStats, ReceiverStats } from '../../contract/receiver.ts';
import type { SinkStats } from '../../contract/sink.ts';

/** What `api/v1/ingest` answers, as far as it is shown. */
export interface Ingest {
  readonly since: string;
  readonly received: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly excluded: number;
  readonly refused: Readonly<Record<string, number>>;
  /** What its reasons mean. */
  readonly refusalWords: Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly rowsMissing: number;
  readonly receivers: readonly ReceiverStats[];
  readonly storms: readonly StormView[];
  readonly sinks: readonly SinkStats[];
  readonly hosts: readonly IngestHost[];
  readonly hostsTotal: number;
}

export interface IngestHost {
  readonly host: string;
  readonly lastEventAt: string | null;
  readonly keysIgnored: boolean;
  readonly bothLayouts: boolean;
  readonly rowsMissing: number | null;
  /** Null where it is unknown. */
  readonly clockOffsetSeconds: number | null;
  readonly silentSince: string | null;
}

/** A line of numbers with its name. */
export interface Tally {
  readonly name: string;
  readonly count: number;
}

/** What became of what was received; the parts add up to the first. */
export function tallies(ingest: Ingest): Tally[] {
  const { received, accepted, duplicates, heartbeats, excluded, inFlight, refused } = ingest;
  return [
    { name: 'received', count: received },
    { name: 'accepted', count: accepted },
    { name: 'refused', count: sum(refused) },
    { name: 'duplicates', count: duplicates },
    { name: 'of excluded users', count: excluded },
    { name: 'heartbeats', count: heartbeats },
    { name: 'in the works', count: inFlight },
  ];
}

/** The most frequent first. */
export function byCount(counts: Readonly<Record<string, number>>): Tally[] {
  return Object.entries(counts)
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count);
}

export function sum(counts: Readonly<Record<string, number>> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

export interface Poll extends PollStats {
  readonly receiver: string;
}

export function pollsOf(receivers: readonly ReceiverStats[]): Poll[] {
  return receivers.flatMap(({ name, polls = [] }) => polls.map((poll) => ({ receiver: name, ...poll })));
}

interface LiveHost {
  readonly host: string;
  readonly clockOffsetSeconds: number | null;
  readonly silentSince: string | null;
}

/** What ingest knows of hosts, or the live numbers, which are newer; silent ones first. */
export function hostLines(ingest: readonly IngestHost[], live: readonly LiveHost[]): IngestHost[] {
  const liveByName = new Map(live.map((host) => [host.host, host]));
  return ingest
    .map((host) => {
      const { clockOffsetSeconds, silentSince } = liveByName.get(host.host) ?? host;
      return { ...host, clockOffsetSeconds, silentSince };
    })
    .sort((one, other) => Number(other.silentSince !== null) - Number(one.silentSince !== null));
}

/** How far a clock is off, in words. */
export function clockText(offsetSeconds: number | null): string {
  if (offsetSeconds === null) return '–';
  if (Math.abs(offsetSeconds) < 1) return 'right';
  return `${Math.abs(offsetSeconds)} s ${offsetSeconds > 0 ? 'behind' : 'ahead'}`;
}
