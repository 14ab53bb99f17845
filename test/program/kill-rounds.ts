import { DatabaseSync } from 'node:sqlite';
import { givenIdentity } from '../../src/contract/identity.ts';
import { journalFile } from '../../src/journal/journal-file.ts';
import { recover } from '../../src/journal/recover.ts';
import { Site } from '../../src/sessions/site.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { Poster, sendDatagrams, sendLines } from './kill-senders.ts';
import { Program, ProgramFolder } from './program.ts';

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
interface Counts {
  readonly active: Active;
  readonly created: { readonly total: number };
  readonly destroyed: { readonly total: number };
}

/**
 * Kills the program with SIGKILL while UDP, TCP and HTTP come in, and starts it again, `rounds` times.
 * `randomMs` gives the time until each kill. Returns what is wrong in the end: nothing, if all is well.
 */
export async function killRounds(rounds: number, randomMs: () => number): Promise<string[]> {
  const folder = new ProgramFolder();
  const poster = new Poster();
  const problems: string[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const program = await Program.start(folder);
      const before = storedEvents(folder.store);
      const posting = poster.postUntilGone(program.api);
      const senders = [sendDatagrams(program.udpPort), sendLines(program.tcpPort, round)];
      const watching = watch(program, problems);
      await new Promise((resolve) => setTimeout(resolve, randomMs()));
      await program.end('SIGKILL');
      for (const sender of senders) sender.stop();
      await posting;
      const [accepted, stored] = [await watching, storedEvents(folder.store) - before];
      if (stored < accepted) problems.push(`round ${round}: ${accepted} accepted, ${stored} stored`);
    }
    const program = await Program.start(folder);
    await poster.post(program.api);
    await watchOnce(program, problems);
    const counts = await program.get<Counts>('/api/v1/counts');
    const code = await program.stop();
    return [
      ...problems,
      ...(code === 0 ? [] : [`exit code ${code}`]),
      ...missingOrDoubled(folder.store, poster),
      ...relayProblems(folder.store),
      ...unlikeTwin(folder.store, counts),
    ];
  } finally {
    folder.dispose();
  }
}

/** Looks at the sums until the program is gone. Resolves with the most that it said was accepted. */
export async function watch(program: Program, problems: string[]): Promise<number> {
  let accepted = 0;
  try {
    for (;;) {
      accepted = Math.max(accepted, await watchOnce(program, problems));
      await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    }
  } catch (error) {
    // fetch failed: the program was killed.
    if (!(error instanceof TypeError)) throw error;
    return accepted;
  }
}

async function watchOnce(program: Program, problems: string[]): Promise<number> {
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

/** Read while no program runs, or by the side of one that does. */
function query(store: string, sql: string) {
  const database = new DatabaseSync(journalFile(store));
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

function storedEvents(store: string): number {
  return Number(query(store, 'SELECT count(*) AS n FROM events')[0]?.['n']);
}

/** Everything that was sent was answered in the end, some of it offered twice. */
export function missingOrDoubled(store: string, { sent, answered }: Poster): string[] {
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
export function relayProblems(store: string): string[] {
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
export function unlikeTwin(
  store: string,
  counts: { active: Active; created: { total: number }; destroyed: { total: number } },
): string[] {
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
