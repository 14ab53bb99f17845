import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommandIo } from '../../src/commands/command-io.ts';
import { registerResend } from '../../src/commands/resend.ts';
import { PoisonRowError } from '../../src/contract/sink.ts';
import { backAgain } from '../../src/delivery/sink-news.ts';
import { runCommand } from '../commands/command-under-test.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  sink = new TableSink();
  under = new DeliveryUnderTest(stored, sink);
});
afterEach(() => {
  under.dispose();
  stored.dispose();
});

it('that a sink is connected is said once', async () => {
  applyVisits(stored, 20, EPOCH);
  await under.deliver();
  expect(under.news).toEqual(['connected']);
});

it('a sink that was away is said to take rows again, after how long and how far behind it is', async () => {
  let failures = 0;
  sink.onStart = async () => {
    failures += 1;
    if (failures < 4) throw new Error('away');
  };
  applyVisits(stored, 20, EPOCH);
  const behind = under.stats().pending;
  await under.deliver();
  expect(behind).toBeGreaterThan(20);
  expect(under.news).toEqual([
    backAgain(
      under.pauses.slice(0, 3).reduce((a, b) => a + b, 0),
      behind,
    ),
  ]);
});

it.each([
  [400, '1s'],
  [61_000, '61s'],
  [240_000, '4m'],
  [7_300_000, '2h'],
  [200_000_000, '2d'],
])('%d ms away are %s', (ms, words) => {
  expect(backAgain(ms, 399)).toBe(`takes rows again after ${words}, 399 rows behind`);
});

it('a row that is set aside is no sink that does not deliver', async () => {
  applyVisits(stored, 20, EPOCH);
  let isFirst = true;
  sink.onWrite = async (_batch, take) => {
    if (isFirst) {
      isFirst = false;
      throw new PoisonRowError(0, 'bad row');
    }
    take();
  };
  await under.deliver();
  expect(under.troubles).toEqual([]);
  expect(under.setAside).toEqual(['a row of session_events: bad row']);
});

it('resend says how many rows it will send', async () => {
  applyVisits(stored, 20, EPOCH);
  stored.commit(EPOCH, true);
  await under.deliver();
  writeFileSync(join(stored.directory, 'config.yaml'), 'store: { path: . }\n');
  const resend = async (from: number) => {
    const argv = ['resend', 'table', '--from', new Date(from).toISOString()];
    const register = (program: Command, io: CommandIo) => registerResend(program, io, () => EPOCH + 1e9);
    return (await runCommand(register, argv, stored.directory)).stdout;
  };
  const rows = under.stats().tables.reduce((sum, table) => sum + table.rows, 0);
  expect(await resend(0)).toMatch(new RegExp(`once more, while Headcount runs: ${rows} rows\\n$`));
  // What the last commit before holds comes once more with it.
  const [, few = ''] = /: (\d+) rows\n$/.exec(await resend(EPOCH + 1e9)) ?? [];
  expect(Number(few)).toBeLessThan(rows / 2);
});

it('a table that had to be made again is said, with the command that fills it', async () => {
  applyVisits(stored, 20, EPOCH);
  under.delivery.madeTable('session_events');
  expect(under.news).toEqual([]);
  await under.deliver();
  under.delivery.madeTable('session_events');
  const [, news = ''] = under.news;
  const [, from = '', rows] =
    /^table session_events was gone and was made again, empty: "headcount resend table --from (\S+)" fills it with the (\d+) rows that are kept here$/.exec(
      news,
    ) ?? [];
  expect(Number(rows)).toBe(under.stats().tables[0]?.rows);
  sink.kept.session_events.clear();
  under.store.requestResend('table', Date.parse(from));
  await under.deliver();
  expect(sink.kept.session_events.size).toBe(stored.lastSeq);
});
