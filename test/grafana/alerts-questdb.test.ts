import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Sink } from '../../src/contract/sink.ts';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { startedSink } from '../sinks/questdb/under-test.ts';
import { countsRow } from '../sinks/rows-under-test.ts';
import { readAlertRules } from './alert-rules.ts';
import { rowsOf } from './ask-panel.ts';
import { expandMacros } from './expand-macros.ts';
import { PgWire } from './pg-wire.ts';

const jar = inject('questdb')?.jar ?? null;
const MINUTE_MS = 60_000;

describe.skipIf(jar === null)('alert rules on rows', () => {
  const rules = readAlertRules('headcount-questdb.yaml');
  let server: QuestDbServer;
  let wire: PgWire;
  let sink: Sink;

  beforeAll(async () => {
    // Without this QuestDB lets nobody suspend a table.
    server = await QuestDbServer.start(jar ?? '', { env: { QDB_DEV_MODE_ENABLED: 'true' } });
    wire = await PgWire.connect(server.pgPort, 'admin', 'quest');
    sink = await startedSink({ url: server.url });
  }, 120_000);
  afterAll(async () => {
    wire?.close();
    await sink?.stop();
    await server?.dispose();
  });

  /** The texts of the rows for which the rule fires; null where there are no rows. */
  async function firing(uid: string): Promise<string[] | null> {
    const rule = rules.find((each) => each.uid === uid);
    if (rule === undefined) throw new Error(`no rule ${uid}`);
    const to = Date.now();
    const sql = expandMacros(rule.query, { from: to - rule.relativeFromMs, to, intervalMs: 1000 });
    const answer = await wire.query(sql);
    // As Grafana wants it: one column of numbers, and texts, which become labels.
    const types = answer.columns.map(({ type }) => type);
    expect(types.filter((type) => type === 'number')).toHaveLength(1);
    expect(types.filter((type) => type !== 'text' && type !== 'number')).toEqual([]);
    if (answer.rows.length === 0) return null;
    return rowsOf(answer).flatMap((row) => {
      const cells = Object.values(row);
      const value = cells.find((cell) => typeof cell === 'number');
      return rule.fires(Number(value)) ? [cells.filter((cell) => typeof cell === 'string').join()] : [];
    });
  }

  async function count(minutesAgo: number): Promise<void> {
    const at = Math.floor((Date.now() - minutesAgo * MINUTE_MS) / 1000) * 1000;
    const rows = [countsRow({ at, active: 0, users: 0, connections: 0 })];
    await sink.write({ table: 'session_counts', rows }, new AbortController().signal);
    await server.settled('session_counts', 'SELECT 1');
  }

  it('no row at all is no data, which fires too', async () => {
    expect(await firing('headcount-no-rows')).toBeNull();
  });

  it('the last row five minutes ago fires, a recent one does not', async () => {
    await count(6);
    expect(await firing('headcount-no-rows')).toEqual(['']);
    await count(1);
    expect(await firing('headcount-no-rows')).toEqual([]);
  });

  it('a suspended table fires under its name until it goes on', async () => {
    expect(await firing('headcount-table-suspended')).toEqual([]);
    await server.query('ALTER TABLE session_counts SUSPEND WAL');
    expect(await firing('headcount-table-suspended')).toEqual(['session_counts']);
    await server.query('ALTER TABLE session_counts RESUME WAL');
    expect(await firing('headcount-table-suspended')).toEqual([]);
  });
});
