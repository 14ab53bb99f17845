import type { QuestDbServer } from '../sinks/questdb/server.ts';
import { Program, ProgramFolder, until } from './program.ts';
import { eventsOfBoth, sessionsOfBoth } from './same-tables.ts';

const KINDS = ['session_start', 'connection_open', 'connection_close', 'session_stop'] as const;
const USERS = 40;

/** Posts visits until the program is gone. Returns how many events were answered 202. */
async function post(api: string, round: number): Promise<number> {
  let answered = 0;
  for (let n = 0; ; n += 1) {
    const items = Array.from({ length: 10 }, (_, visit) =>
      KINDS.map((type, place) => ({
        type,
        id: `r${round}-${n}-${visit}-${place}`,
        user: { directory: 'LAB', id: `poster${(n + visit) % USERS}` },
        host: 'node1',
        appId: 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69',
      })),
    ).flat();
    try {
      const response = await fetch(`${api}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(items),
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      answered += items.length;
    } catch (error) {
      // fetch failed: the program was killed.
      if (error instanceof TypeError) return answered;
      throw error;
    }
  }
}

/**
 * Kills Headcount, QuestDB or both with SIGKILL while events come in, and starts them again, `rounds` times. `randomMs`
 * gives the time until each kill, `random` (0 to 1) who is killed. Returns what is wrong in the end: nothing, if all is well.
 */
export async function killSinkRounds(
  rounds: number,
  server: QuestDbServer,
  randomMs: () => number,
  random: () => number,
): Promise<string[]> {
  const folder = new ProgramFolder();
  folder.write(`sinks:\n  - { type: questdb, url: "${server.url}", interval: 20ms, timeout: 5s }\n`);
  try {
    let answered = 0;
    for (let round = 0; round < rounds; round += 1) {
      const program = await Program.start(folder);
      const posting = post(program.api, round);
      await new Promise((resolve) => setTimeout(resolve, randomMs()));
      const who = random();
      if (who < 0.67) await server.kill();
      await new Promise((resolve) => setTimeout(resolve, randomMs() / 4));
      // Whoever was not killed yet goes now, and the other may have come back by then.
      const restarting = who < 0.33 ? server.restart() : null;
      await program.end('SIGKILL');
      answered += await posting;
      await (restarting ?? server.restart());
    }
    if (answered === 0) return ['nothing was ever answered'];
    return await compare(folder, server, answered);
  } finally {
    folder.dispose();
  }
}

async function compare(folder: ProgramFolder, server: QuestDbServer, answered: number): Promise<string[]> {
  const program = await Program.start(folder);
  try {
    const isDone = ({ sinks: [sink] }: { sinks: { pending: number; up: boolean }[] }) =>
      sink?.pending === 0 && sink.up;
    // One more state, so that what was committed last is in the log of the sessions.
    await program.get('/api/v1/sessions?limit=1');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await until(
      () => program.get<{ sinks: { pending: number; up: boolean }[] }>('/api/v1/ingest'),
      isDone,
      120_000,
    );
    for (const table of ['session_events', 'sessions']) await server.settled(table, 'SELECT 1');
    const query = (sql: string) => server.query(sql);
    const events = await eventsOfBoth(program, query);
    const sessions = await sessionsOfBoth(program, query);
    return [
      ...(events.api.length >= answered ? [] : [`${answered} answered, ${events.api.length} stored`]),
      ...differences('events', events),
      ...differences('sessions', sessions),
    ].slice(0, 10);
  } finally {
    await program.stop();
  }
}

function differences(what: string, { api, sql }: { api: object[]; sql: object[] }): string[] {
  const rest = new Map<string, number>();
  const count = (row: object, by: number): void => {
    const text = JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    rest.set(text, (rest.get(text) ?? 0) + by);
  };
  for (const row of api) count(row, 1);
  for (const row of sql) count(row, -1);
  return [...rest]
    .filter(([, n]) => n !== 0)
    .map(([text, n]) => `${what} ${n > 0 ? 'only in the journal' : 'only in QuestDB'}: ${text}`);
}
