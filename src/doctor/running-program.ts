import { z } from 'zod';
import { authorization, NoAnswerError, request } from '../simulator/http-request.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const poll = z.object({
  host: z.string(),
  virtualProxy: z.string(),
  answeredAt: z.iso.datetime().nullable(),
  polledAt: z.iso.datetime().nullable(),
  sessions: z.number().nullable(),
  error: z.string().nullable(),
});

const ingestSchema = z.object({
  heartbeats: z.number(),
  refused: z.record(z.string(), z.number()),
  receivers: z.array(
    z.object({
      name: z.string(),
      listening: z.array(z.string()).optional(),
      kernelDropped: z.number().nullable(),
      // Of UDP only.
      receiveBufferBytes: z.number().nullable().optional(),
      receiveBufferClamped: z.boolean().optional(),
      ringDropped: z.number().optional(),
      // Of TCP only.
      connections: z.number().optional(),
      maxConnections: z.number().optional(),
      tls: z.unknown().optional(),
      polls: z.array(poll).optional(),
    }),
  ),
  hosts: z.array(
    z.object({
      host: z.string(),
      lastEventAt: z.iso.datetime().nullable(),
      // Not of an earlier version.
      clockOffsetSeconds: z.number().nullable().optional(),
      bothLayouts: z.boolean(),
      rowsMissing: z.number().nullable(),
    }),
  ),
  // Not of an earlier version, which names all of them.
  hostsTotal: z.number().optional(),
  faultyHosts: z
    .array(z.object({ host: z.string(), fault: z.string(), lines: z.number(), remedy: z.string() }))
    .default([]),
  sinks: z.array(
    z.object({
      name: z.string(),
      up: z.boolean(),
      pending: z.number(),
      deadLettered: z.number(),
      lagSeconds: z.number(),
      lastError: z.string().nullable(),
    }),
  ),
  blacklist: z.array(z.object({ directory: z.string(), userId: z.string().nullable(), seen: z.boolean() })),
  appNames: z
    .object({
      server: z.string(),
      names: z.number(),
      answeredAt: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
});
export type Ingest = z.output<typeof ingestSchema>;

const countsSchema = z.object({
  asOf: z.iso.datetime(),
  reasons: z.array(z.string()),
  // What the clock of a host is ahead or behind, where that is known.
  hosts: z.array(z.object({ host: z.string(), clockOffsetSeconds: z.number().nullable().default(null) })),
});
export type Counts = z.output<typeof countsSchema>;

const readySchema = z.object({
  detail: z.object({
    reason: z.string().nullable(),
    journalTrouble: z.string().nullable(),
    version: z.string(),
  }),
});

/** A Headcount that runs, asked through its API. */
export interface RunningProgram {
  readonly url: string;
  readonly ingest: Ingest;
  readonly counts: Counts;
  /** As it is now. @throws Error */
  askIngest(): Promise<Ingest>;
}

const WANTED = 'give a token with the scope read, in HEADCOUNT_TOKEN or with --token-file';

/** What runs at `url`, null where nothing does that can be asked; and what is to be said of that. */
export async function findProgram(
  url: string,
  token: string | null,
  signal: AbortSignal,
): Promise<{ readonly program: RunningProgram | null; readonly findings: readonly Finding[] }> {
  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const { status, text } = await request(new URL(path, url), { headers: authorization(token), signal });
    if (status === 401 || status === 403) throw new RefusedError(`${url} answered ${status}`);
    const answer = schema.safeParse(readJson(text));
    if (answer.success) return answer.data;
    throw new Error(`${url} is not the API of this version of Headcount, it answered ${path} with ${status}`);
  };
  const askIngest = () => ask('/api/v1/ingest', ingestSchema);
  try {
    const { detail } = await ask('/readyz', readySchema);
    const [ingest, counts] = [await askIngest(), await ask('/api/v1/counts', countsSchema)];
    return { program: { url, ingest, counts, askIngest }, findings: readiness(url, detail) };
  } catch (error) {
    if (error instanceof NoAnswerError) {
      const text = `nothing answers at ${url}; what only a running Headcount knows is left out`;
      return { program: null, findings: [warn('program', text, 'start it, or say --url with where it is')] };
    }
    const message = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof RefusedError ? WANTED : 'say --url with where the API of Headcount is';
    return { program: null, findings: [fail('program', message, remedy)] };
  }
}

class RefusedError extends Error {}

function readiness(
  url: string,
  { reason, journalTrouble, version }: z.output<typeof readySchema>['detail'],
): Finding[] {
  if (reason !== null) {
    return [fail('program', `Headcount ${version} at ${url} is not ready: ${reason}`, 'read its log')];
  }
  const ready = ok('program', `Headcount ${version} answers at ${url} and is ready`);
  if (journalTrouble === null) return [ready];
  const remedy = 'make room or mend the disk, and do not restart Headcount; see docs/running.md';
  return [ready, fail('store', `nothing can be committed: ${journalTrouble}`, remedy)];
}

/** Undefined where the text is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
