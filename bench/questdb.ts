import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QuestDbServer } from '../test/sinks/questdb/server.ts';
import { type Headcount, startHeadcount } from './headcount.ts';
import type { Bench } from './scenario.ts';

const JAR = fileURLToPath(new URL('../node_modules/.cache/headcount/questdb-9.3.4.jar', import.meta.url));

export interface Pair {
  readonly questdb: QuestDbServer;
  readonly headcount: Headcount;
  dispose(): Promise<void>;
}

/** A QuestDB and a Headcount that sends to it, on the same machine. Both take their time from it. */
export async function startPair(bench: Bench): Promise<Pair> {
  if (!existsSync(JAR)) throw new Error('no QuestDB: npm test fetches it, where Java 17 and Maven are');
  const questdb = await QuestDbServer.start(JAR);
  bench.processes.atEnd(() => questdb.killNow());
  const folder = bench.processes.createFolder();
  const headcount = await startHeadcount(bench, folder, { sinks: [{ type: 'questdb', url: questdb.url }] });
  return {
    questdb,
    headcount,
    async dispose() {
      await headcount.stop();
      await questdb.dispose();
      bench.processes.removeFolder(folder);
    },
  };
}

/** Events that can be queried. */
export async function queryableEvents(questdb: QuestDbServer): Promise<number> {
  const [row] = await questdb.query('SELECT count() AS n FROM session_events');
  return Number(row?.['n']);
}
