import type { Memory } from './memory-floor.ts';
import type { SoakedProgram } from './soaked-program.ts';

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly excluded: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly receivers: readonly { readonly kernelDropped: number | null; readonly ringDropped?: number }[];
  readonly sinks: readonly { readonly pending: number; readonly tables: readonly Table[] }[];
}
interface Table {
  readonly table: string;
  readonly rows: number;
  readonly delivered: number;
  readonly pending: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
}
interface Counts {
  readonly active: { readonly sessions: number };
  readonly created: { readonly total: number };
  readonly destroyed: { readonly total: number };
}

/** What is noted at one moment. */
export interface SoakSample extends Memory {
  readonly seconds: number;
  readonly openFiles: number;
  readonly received: number;
  /** What was offered once more: a batch that had been answered 503, after it was taken. */
  readonly duplicates: number;
  readonly excluded: number;
  readonly refused: number;
  /** By the kernel or a full ring. */
  readonly dropped: number;
  readonly inFlight: number;
  /** Rows that the sink has yet to get. */
  readonly pending: number;
  readonly sessions: number;
  /** Sums that do not add up, in words. */
  readonly problems: readonly string[];
}

const total = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Asks the program and the kernel. */
export async function takeSample(
  program: SoakedProgram,
  seconds: number,
  memory: Memory,
): Promise<SoakSample> {
  const { api } = await program.addresses();
  const get = async <T>(path: string) => (await (await fetch(api + path)).json()) as T;
  const ingest = await get<Ingest>('/api/v1/ingest');
  const counts = await get<Counts>('/api/v1/counts');
  return {
    seconds,
    ...memory,
    openFiles: program.openFiles,
    received: ingest.received,
    duplicates: ingest.duplicates,
    excluded: ingest.excluded,
    refused: total(ingest.refused),
    dropped: ingest.receivers.reduce(
      (sum, { kernelDropped, ringDropped = 0 }) => sum + (kernelDropped ?? 0) + ringDropped,
      0,
    ),
    inFlight: ingest.inFlight,
    pending: ingest.sinks.reduce((sum, { pending }) => sum + pending, 0),
    sessions: counts.active.sessions,
    problems: [...ingestProblems(ingest), ...countProblems(counts)],
  };
}

function ingestProblems(ingest: Ingest): string[] {
  const { received, accepted, duplicates, heartbeats, excluded, refused, inFlight, sinks } = ingest;
  const fits = received === accepted + duplicates + heartbeats + excluded + total(refused) + inFlight;
  const books = sinks.flatMap(({ tables }) => tables);
  const wrong = books.filter(
    ({ rows, delivered, pending, deadLettered, dropped }) =>
      rows !== delivered + pending + deadLettered + total(dropped),
  );
  return [
    ...(fits ? [] : [`received does not add up: ${JSON.stringify(ingest)}`]),
    ...wrong.map((table) => `rows do not add up: ${JSON.stringify(table)}`),
  ];
}

function countProblems({ active, created, destroyed }: Counts): string[] {
  if (created.total - destroyed.total === active.sessions) return [];
  return [`created ${created.total} - destroyed ${destroyed.total} is not ${active.sessions}`];
}
