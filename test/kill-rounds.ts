import { createSocket } from 'node:dgram';
import { DatabaseSync } from 'node:sqlite';
import { Site } from '../src/core/site.ts';
import { recover } from '../src/journal/recover.ts';
import { journalFile } from '../src/journal/schema.ts';
import { SETTINGS } from './model/event-arbitrary.ts';
import { Program, ProgramFolder } from './program.ts';

const KINDS = ['session_start', 'connection_open', 'connection_close', 'session_stop'] as const;
const COMMANDS = ['Start session', 'Open connection', 'Close connection', 'Stop session'];

/** Posts events one batch after the other until the program is gone; `answered` gets every id that was answered 202. */
async function post(api: string, round: number, answered: Set<string>): Promise<void> {
  for (let n = 0; ; n += 1) {
    const items = KINDS.map((type, place) => ({
      type,
      id: `r${round}-${n}-${place}`,
      user: { directory: 'LAB', id: `poster${n % 50}` },
      host: 'node1',
      appId: 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69',
    }));
    try {
      const response = await fetch(`${api}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Some users stay on.
        body: JSON.stringify(n % 3 === 0 ? items.slice(0, 2) : items),
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      for (const { id } of n % 3 === 0 ? items.slice(0, 2) : items) answered.add(id);
    } catch (error) {
      // fetch failed: the program was killed.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

/**
 * Kills the program with SIGKILL while UDP and HTTP come in, and starts it again, `rounds` times.
 * `randomMs` gives the time until each kill. Returns what is wrong in the end: nothing, if all is well.
 */
export async function killRounds(rounds: number, randomMs: () => number): Promise<string[]> {
  const folder = new ProgramFolder();
  const answered = new Set<string>();
  const socket = createSocket('udp4');
  try {
    for (let round = 0; round < rounds; round += 1) {
      const program = await Program.start(folder);
      const posting = post(program.api, round, answered);
      let sent = 0;
      const sending = setInterval(() => {
        for (let i = 0; i < 20; i += 1, sent += 1) {
          const command = COMMANDS[sent % 4];
          const user = `sender${Math.floor(sent / 4) % 100}`;
          socket.send(
            `/qseow-proxy-session/;node2;${command};LAB;${user};AppAccess;;x`,
            program.udpPort,
            '127.0.0.1',
          );
        }
      }, 2);
      await new Promise((resolve) => setTimeout(resolve, randomMs()));
      await program.end('SIGKILL');
      clearInterval(sending);
      await posting;
    }
    const program = await Program.start(folder);
    const counts = await program.get<{
      active: object;
      created: { total: number };
      destroyed: { total: number };
    }>('/api/v1/counts');
    const code = await program.stop();
    return [
      ...(code === 0 ? [] : [`exit code ${code}`]),
      ...missingOrDoubled(folder.store, answered),
      ...unlikeTwin(folder.store, counts),
    ];
  } finally {
    socket.close();
    folder.dispose();
  }
}

function missingOrDoubled(store: string, answered: ReadonlySet<string>): string[] {
  const database = new DatabaseSync(journalFile(store));
  const rows = database
    .prepare('SELECT event_id, count(*) AS n FROM events WHERE event_id IS NOT NULL GROUP BY event_id')
    .all();
  database.close();
  const stored = new Map(rows.map((row) => [String(row['event_id']), Number(row['n'])]));
  const missing = [...answered].filter((id) => !stored.has(id)).map((id) => `lost: ${id}`);
  const doubled = [...stored].filter(([, n]) => n > 1).map(([id, n]) => `stored ${n} times: ${id}`);
  return answered.size === 0 ? ['nothing was ever answered'] : [...missing, ...doubled].slice(0, 10);
}

/** The twin never stopped: it is fed with the events alone, from the first to the last. */
function unlikeTwin(
  store: string,
  counts: { active: object; created: { total: number }; destroyed: { total: number } },
): string[] {
  const database = new DatabaseSync(journalFile(store));
  database.exec('DELETE FROM checkpoint; DELETE FROM sessions; DELETE FROM connections; DELETE FROM points');
  const twin = new Site(SETTINGS);
  recover(database, twin);
  database.close();
  const { sessions, users, connections, connectedUsers } = twin.counts;
  const { created, destroyed } = twin.series.totals;
  const expected = { active: { sessions, users, connections, connectedUsers }, created, destroyed };
  const found = { active: counts.active, created: counts.created.total, destroyed: counts.destroyed.total };
  const same = JSON.stringify(sorted(expected)) === JSON.stringify(sorted(found));
  return same ? [] : [`counts ${JSON.stringify(found)}, twin ${JSON.stringify(expected)}`];
}

function sorted(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, each]) => [key, typeof each === 'object' && each !== null ? sorted(each) : each] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
