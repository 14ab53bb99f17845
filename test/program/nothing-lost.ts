import { DatabaseSync } from 'node:sqlite';
import { givenIdentity } from '../../src/contract/identity.ts';
import { journalFile } from '../../src/journal/journal-file.ts';
import { recover } from '../../src/journal/recover.ts';
import { Site } from '../../src/sessions/site.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import type { Poster } from './kill-senders.ts';
import type { Program } from './program.ts';

const WATCH_EVERY_MS = 30;

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly excluded: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly inFlight: number;
}
export interface Counts {
  readonly active: Active;
  readonly created: { readonly total: number };
  readonly destroyed: { readonly total: number };
}

/**
 * Looks at the sums until the program is gone, or while it `isEnding` answers no more. Resolves with the most that it said
 * was accepted.
 */
export async function watch(
  program: Program,
  problems: string[],
  isEnding = (): boolean => false,
): Promise<number> {
  let accepted = 0;
  try {
    for (;;) {
      accepted = Math.max(accepted, await watchOnce(program, problems));
      await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    }
  } catch (error) {
    // fetch failed: the program was killed.
    if (!(error instanceof TypeError || isEnding())) problems.push(String(error));
    return accepted;
  }
}

export async function watchOnce(program: Program, problems: string[]): Promise<number> {
  const ingest = await program.get<Ingest>('/api/v1/ingest');
  const { received, accepted, duplicates, heartbeats, excluded, inFlight } = ingest;
  const refused = Object.values(ingest.refused).reduce((sum, n) => sum + n, 0);
  if (received !== accepted + duplicates + heartbeats + excluded + refused + inFlight)
    problems.push(`does not add up: ${JSON.stringify(ingest)}`);
  const { active, created, destroyed } = await program.get<Counts>('/api/v1/counts');
  if (created.total - destroyed.total !== active.sessions)
    problems.push(`created ${created.total}, destroyed ${destroyed.total}, active ${active.sessions}`);
  return accepted;
}

/** Read while no program runs, or by the side of one that does. To read only: who may write takes the log away when it closes. */
function query(store: string, sql: string) {
  const database = new DatabaseSync(journalFile(store), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

export function storedEvents(store: string): number {
  return Number(query(store, 'SELECT count(*) AS n FROM events')[0]?.['n']);
}

/** What is wrong with a store once everything that was posted has been answered: nothing, if all is well. Changes the store. */
export function whatIsWrong(store: string, poster: Poster, counts: Counts): string[] {
  return [
    ...query(store, 'PRAGMA integrity_check')
      .map((row) => String(row['integrity_check']))
      .filter((said) => said !== 'ok'),
    ...missingOrDoubled(store, poster),
    ...relayProblems(store),
    ...unlikeTwin(store, counts),
  ];
}

/** Everything that was sent was answered in the end, some of it offered twice. */
function missingOrDoubled(store: string, { sent, answered }: Poster): string[] {
  const rows = query(
    store,
    'SELECT event_id, count(*) AS n FROM events WHERE event_id IS NOT NULL GROUP BY event_id',
  );
  const stored = new Map(rows.map((row) => [givenIdentity(String(row['event_id'])), Number(row['n'])]));
  const missing = [...sent].filter((id) => !stored.has(id)).map((id) => `lost: ${id}`);
  const doubled = [...stored].filter(([, n]) => n > 1).map(([id, n]) => `stored ${n} times: ${id}`);
  const unanswered = [...sent].filter((id) => !answered.has(id)).map((id) => `never answered: ${id}`);
  return answered.size === 0
    ? ['nothing was ever answered']
    : [...missing, ...doubled, ...unanswered].slice(0, 10);
}

/** A connection is read in order: of its lines, the first so many are there, each once, and no later one. */
function relayProblems(store: string): string[] {
  const rows = query(
    store,
    "SELECT u.id AS user FROM events e JOIN users u ON u.number = e.user WHERE u.id LIKE 'relay-%' ORDER BY e.seq",
  );
  const seen = new Map<string, number>();
  const problems: string[] = [];
  for (const row of rows) {
    const [, round = '', number] = String(row['user']).split('-');
    const place = seen.get(round) ?? 0;
    seen.set(round, place + 1);
    if (Number(number) !== Math.floor(place / 2))
      problems.push(`line ${place} of round ${round} is ${row['user']}`);
  }
  return seen.size === 0 ? ['no line came by TCP'] : problems.slice(0, 10);
}

/** The twin never stopped: it is fed with the events alone, from the first to the last. */
function unlikeTwin(store: string, counts: Counts): string[] {
  const database = new DatabaseSync(journalFile(store));
  database.exec('DELETE FROM checkpoint; DELETE FROM sessions; DELETE FROM connections; DELETE FROM points');
  const twin = new Site(SETTINGS);
  recover(database, twin);
  database.close();
  const { created, destroyed } = twin.series.totals;
  const expected = { active: numbersOf(twin.counts), created, destroyed };
  const found = {
    active: numbersOf(counts.active),
    created: counts.created.total,
    destroyed: counts.destroyed.total,
  };
  const same = JSON.stringify(sorted(expected)) === JSON.stringify(sorted(found));
  return same ? [] : [`counts ${JSON.stringify(found)}, twin ${JSON.stringify(expected)}`];
}

type Active = Readonly<Record<'sessions' | 'users' | 'connections' | 'connectedUsers', number>>;

function numbersOf({ sessions, users, connections, connectedUsers }: Active): Active {
  return { sessions, users, connections, connectedUsers };
}

function sorted(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, each]) => [key, typeof each === 'object' && each !== null ? sorted(each) : each] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
