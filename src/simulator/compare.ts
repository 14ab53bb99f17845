import { z } from 'zod';
import type { Clock } from './clock.ts';
import { authorization, request } from './http-request.ts';
import type { RunReport } from './run.ts';
import type { TruthCounts } from './truth.ts';

const total = z.object({ total: z.number() });
const countsSchema = z.object({
  active: z.object({
    sessions: z.number(),
    users: z.number(),
    connections: z.number(),
    connectedUsers: z.number(),
  }),
  created: total,
  destroyed: total,
  hosts: z.array(
    z.object({ host: z.string(), sessions: z.number(), users: z.number(), connections: z.number() }),
  ),
});

/** The part of `GET /api/v1/counts` that the simulator knows the truth of. */
export type HeadcountCounts = z.infer<typeof countsSchema>;

export interface Comparison {
  readonly name: string;
  readonly truth: number;
  readonly headcount: number;
  /** What Headcount says less the truth. */
  readonly difference: number;
}

const TOKEN_NEEDED =
  '--compare needs a token with the scope read in HEADCOUNT_TOKEN, with --transport http one with [read, ingest]';
/** What is shown of an answer that nobody expected, in characters. */
const MOST_SHOWN = 200;
const POLL_MS = 200;
/** How long Headcount gets to catch up with the last line. */
const PATIENCE_MS = 2000;

/**
 * `url` is where Headcount's API is, such as `http://127.0.0.1:9999`; a token needs the scope `read`.
 * @throws Error of one line where nothing or something else answers, or the token will not do
 */
export async function fetchCounts(url: string, token: string | null): Promise<HeadcountCounts> {
  const { status, text } = await request(new URL('/api/v1/counts', url), { headers: authorization(token) });
  const shown = text.replaceAll(/\s+/g, ' ').slice(0, MOST_SHOWN);
  if (status === 401 || status === 403) throw new Error(`${url} answered ${status}: ${TOKEN_NEEDED}`);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${shown}`);
  const counts = countsSchema.safeParse(readJson(text));
  if (!counts.success) throw new Error(`${url} is not the API of Headcount, it answered: ${shown}`);
  return counts.data;
}

/** Undefined where the text is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks until there is no difference, but not for longer than two seconds. `before` was taken before the run. */
export async function pollComparison(
  ask: () => Promise<HeadcountCounts>,
  before: HeadcountCounts,
  { truth }: RunReport,
  clock: Clock,
  signal: AbortSignal,
): Promise<Comparison[]> {
  const deadline = clock.now() + PATIENCE_MS;
  for (;;) {
    const rows = compare(truth, before, await ask());
    const isEqual = rows.every(({ difference }) => difference === 0);
    if (isEqual || signal.aborted || clock.now() >= deadline) return rows;
    await clock.sleep(POLL_MS, signal);
  }
}

/** Totals are those of the run; `destroyed` here includes the sessions that timed out or ended with their proxy. */
export function compare(truth: TruthCounts, before: HeadcountCounts, after: HeadcountCounts): Comparison[] {
  const rows: Comparison[] = [];
  const add = (name: string, expected: number, headcount: number) =>
    rows.push({ name, truth: expected, headcount, difference: headcount - expected });
  for (const name of ['sessions', 'users', 'connections', 'connectedUsers'] as const) {
    add(`active.${name}`, truth.active[name], after.active[name]);
  }
  add('created', truth.created, after.created.total - before.created.total);
  const ended = truth.destroyed + truth.timedOut + truth.crashed;
  add('destroyed', ended, after.destroyed.total - before.destroyed.total);
  for (const [host, expected] of Object.entries(truth.perHost)) {
    const known = after.hosts.find((row) => row.host === host);
    for (const name of ['sessions', 'users', 'connections'] as const) {
      add(`${host}.${name}`, expected[name], known?.[name] ?? 0);
    }
  }
  return rows;
}

/** A table for people. */
export function formatComparison(rows: readonly Comparison[]): string {
  const line = (name: string, ...cells: readonly (string | number)[]) =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(12)).join('')}\n`;
  const body = rows.map((row) => line(row.name, row.truth, row.headcount, row.difference));
  return line('', 'truth', 'headcount', 'difference') + body.join('');
}
