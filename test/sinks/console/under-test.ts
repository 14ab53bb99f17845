import { consoleSchema, createConsoleSink } from '../../../sinks/console.ts';
import type { FilteredTable } from '../../../src/contract/sink.ts';
import type { SinkUnderTest } from '../sink-under-test.ts';

const CONFIG = consoleSchema.parse({ type: 'console' });
const IDENTITY: { readonly [T in FilteredTable]: string } = {
  session_events: 'eventId',
  sessions: 'id',
  session_counts: 'name',
  session_snapshots: 'virtualProxy',
  snapshot_sessions: 'sessionId',
};

export const canRun = true;

export async function sinkUnderTest(): Promise<SinkUnderTest> {
  let printed = '';
  const lines = () =>
    printed
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const sinkWith = (print: (text: string) => Promise<void>) =>
    createConsoleSink(CONFIG, {
      name: 'console',
      storeId: 'unused',
      lastSeq: () => 0,
      madeTable: () => {},
      site: 'main',
      offerAgain: (_table, after) => after + 1,
      doneThrough: () => 0,
      report: () => null,
      now: () => 0,
      folder: '.',
      print,
    });

  return {
    sink: sinkWith(async (text) => {
      printed += text;
    }),
    unstarted: () => sinkWith(async () => {}),
    stuck: async () => sinkWith(() => new Promise(() => {})),
    arrived: async (table: FilteredTable) => {
      const rows = lines().filter((line) => line.table === table);
      return [...new Set(rows.map((row) => row[IDENTITY[table]]))];
    },
    userOf: async (eventId) => {
      const { user } = lines().find((line) => line.eventId === eventId);
      return [user.directory, user.id];
    },
    secrets: [],
    dispose: async () => {},
  };
}
