import { setTimeout as sleep } from 'node:timers/promises';
import { Sender } from '@questdb/nodejs-client';
import type { QuestDbServer } from '../../test/sinks/questdb/server.ts';
import { measureLoad } from '../measure.ts';
import { type Pair, startPair } from '../questdb.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { sinkState } from '../sinks.ts';
import { median, spread } from '../statistics.ts';

const RATE = 20_000;
const USERS = 2_000;
const BATCH = 5_000;
const POLL_MS = 25;
const TARGET_RATIO = 0.7;
const TIMES = ['received_at', 'original_at'];
const NUMBERS = ['result', 'row_number', 'seq'];
const SYMBOLS = ['store', 'kind', 'reason'];

export const sinkRows: Scenario = {
  name: 'sink-rows',
  method:
    'rows a second out of the journal into QuestDB after an outage, over what the client library alone sends of the same ' +
    'events from memory, in the same batches, in the same round',
  async run(bench) {
    const pair = await startPair(bench);
    const rates = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < (bench.quick ? 1 : 3); round += 1) {
      rates.ours.push(await ownRate(bench, pair, round));
      rates.bare.push(await bareRate(pair.questdb, bench.quick ? 20_000 : 100_000));
      bench.say(
        `  round ${round + 1}: ${rates.ours.at(-1)?.toFixed(0)} rows/s, bare ${rates.bare.at(-1)?.toFixed(0)}`,
      );
    }
    await pair.dispose();
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
    return [
      {
        what: 'rows a second into QuestDB, Headcount / bare client',
        target: `>= ${TARGET_RATIO}`,
        measured: spread(ratios),
        yardstick: `bare ${spread(rates.bare, 0, ' rows/s')}`,
        met: median(ratios) >= TARGET_RATIO,
      },
    ];
  },
};

async function ownRate(bench: Bench, { questdb, headcount }: Pair, round: number): Promise<number> {
  const count = RATE * (bench.quick ? 2 : 15);
  await questdb.stop();
  const stream = { type: 'life', users: USERS, from: round * count } as const;
  await measureLoad(bench, headcount, { stream, count, rate: RATE });
  await sleep(1_500);
  const before = await sinkState(headcount);
  await questdb.restart();
  let first = await sinkState(headcount);
  while (first.delivered === before.delivered) {
    await sleep(POLL_MS);
    first = await sinkState(headcount);
  }
  const startedAt = performance.now();
  let last = first;
  while (last.events.pending > 0) {
    await sleep(POLL_MS);
    last = await sinkState(headcount);
  }
  return ((last.delivered - first.delivered) * 1_000) / (performance.now() - startedAt);
}

/** The latest events once more into another table of the same shape. */
async function bareRate(questdb: QuestDbServer, count: number): Promise<number> {
  const rows = await questdb.settled('session_events', `SELECT * FROM session_events LIMIT -${count}`);
  await questdb.query('DROP TABLE IF EXISTS bare_events');
  await questdb.query('CREATE TABLE bare_events (LIKE session_events)');
  await questdb.query('ALTER TABLE bare_events DEDUP ENABLE UPSERT KEYS(ts, store, event_id, kind, host)');
  const address = questdb.url.replace('http://', '');
  const sender = await Sender.fromConfig(`http::addr=${address};protocol_version=2;auto_flush=off;`);
  const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== 'ts' && !SYMBOLS.includes(name));
  const prepared = rows.map((row) => ({
    symbols: SYMBOLS.flatMap((name) => (row[name] === null ? [] : [[name, String(row[name])] as const])),
    cells: columns.flatMap((name) => (row[name] === null ? [] : [[name, cell(name, row[name])] as const])),
    at: Date.parse(String(row['ts'])),
  }));
  const startedAt = performance.now();
  for (const [place, { symbols, cells, at }] of prepared.entries()) {
    sender.table('bare_events');
    for (const [name, value] of symbols) sender.symbol(name, value);
    for (const [name, value] of cells) {
      if (typeof value === 'string') sender.stringColumn(name, value);
      else if (TIMES.includes(name)) sender.timestampColumn(name, value, 'ms');
      else sender.intColumn(name, value);
    }
    await sender.at(at, 'ms');
    if (place % BATCH === BATCH - 1) await sender.flush();
  }
  await sender.flush();
  const seconds = (performance.now() - startedAt) / 1_000;
  await sender.close();
  return prepared.length / seconds;
}

function cell(name: string, value: unknown): string | number {
  if (TIMES.includes(name)) return Date.parse(String(value));
  return NUMBERS.includes(name) ? Number(value) : String(value);
}
