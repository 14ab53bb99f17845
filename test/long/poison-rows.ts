import { Program, ProgramFolder, until } from '../program/program.ts';
import { APP, countOf, delivered, headcount, items, post, sinksOf } from '../program/program-with-sink.ts';
import type { QuestDbServer } from '../sinks/questdb/server.ts';

/** Events held in memory at once. */
const PORTION = 50_000;
const WITHIN_MS = 600_000;

/**
 * Sends `events`, of which every `every`th cannot be taken, because somebody was sure that app ids are UUIDs; repairs the table and has
 * them tried again. Returns what is wrong in the end: nothing, if all is well.
 */
export async function poisonRows(server: QuestDbServer, events: number, every: number): Promise<string[]> {
  const folder = new ProgramFolder();
  folder.write(`sinks: [ { type: questdb, url: "${server.url}", interval: 20ms } ]`);
  const program = await Program.start(folder);
  try {
    await until(
      () => server.query("SELECT table_name FROM tables() WHERE table_name = 'session_counts'"),
      (tables) => tables.length === 1,
    );
    await alterAppId(server, 'UUID');
    for (let start = 0; start < events; start += PORTION) {
      const count = Math.min(PORTION, events - start);
      await post(
        program,
        items(count, (n) => ((start + n) % every === 7 ? `app ${start + n}` : APP)),
      );
    }
    const poison = events / every;
    return [
      ...(await setAside(server, program, folder, events, poison)),
      ...(await repaired(server, program, folder, events, poison)),
    ];
  } finally {
    await program.stop();
    folder.dispose();
  }
}

async function setAside(
  server: QuestDbServer,
  program: Program,
  folder: ProgramFolder,
  events: number,
  poison: number,
): Promise<string[]> {
  const [sink] = await delivered(program, events, WITHIN_MS);
  await server.settled('session_events', 'SELECT 1');
  const stored = await countOf(server, 'SELECT count() FROM session_events');
  const letters = (await headcount(folder, 'dead-letters', 'list')).trim().split('\n');
  const explained = letters.filter((line) => line.includes('column: app_id')).length;
  return [
    ...(sink?.deadLettered === poison ? [] : [`${sink?.deadLettered} set aside, not ${poison}`]),
    ...(stored === events - poison ? [] : [`${stored} stored, not ${events - poison}`]),
    ...(explained === poison ? [] : [`${explained} listed with their reason, not ${poison}`]),
  ];
}

async function repaired(
  server: QuestDbServer,
  program: Program,
  folder: ProgramFolder,
  events: number,
  poison: number,
): Promise<string[]> {
  await alterAppId(server, 'VARCHAR');
  await until(
    async () => {
      // A write may meet the old type for a moment.
      await headcount(folder, 'dead-letters', 'retry', 'questdb');
      return sinksOf(program);
    },
    ([sink]) => sink?.deadLettered === 0,
    WITHIN_MS,
  );
  await server.settled('session_events', 'SELECT 1');
  const stored = await countOf(server, 'SELECT count() FROM session_events');
  const retried = await countOf(server, "SELECT count() FROM session_events WHERE app_id LIKE 'app %'");
  return [
    ...(stored === events ? [] : [`${stored} stored after the repair, not ${events}`]),
    ...(retried === poison
      ? []
      : [`${retried} of those set aside are there after the repair, not ${poison}`]),
  ];
}

/** Resolves when it is done: QuestDB does it by and by. */
async function alterAppId(server: QuestDbServer, type: 'UUID' | 'VARCHAR'): Promise<void> {
  await server.query(`ALTER TABLE session_events ALTER COLUMN app_id TYPE ${type}`);
  await until(
    () => server.query(`SELECT type FROM table_columns('session_events') WHERE "column" = 'app_id'`),
    ([column]) => column?.['type'] === type,
  );
}
