import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChangingAppNames, type NamesById } from '../contract/app-names.ts';
import { type BlacklistRule, createBlacklist } from '../contract/blacklist.ts';
import type { SinkModule, SinkSettings, SinkStats, Table } from '../contract/sink.ts';
import type { EdgeReport } from '../contract/sites/forwarding.ts';
import { journalFile } from '../journal/journal-file.ts';
import { UserAgents } from '../journal/read/user-agents.ts';
import type { Undelivered } from '../journal/write/retention.ts';
import { WorkerSide } from '../threads/worker-side.ts';
import { sinkStats, undeliveredBy } from './books.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import { DeliveryStore } from './delivery-store.ts';
import { createFeeds } from './feeds.ts';
import { RowReader } from './row-reader.ts';

/*
 * The delivery thread: all sinks, each with its own loop. In a thread of its own because rows are read and serialised
 * here, which must hold up neither the thread that receives nor the one that commits.
 */

export interface DeliveryData {
  readonly directory: string;
  readonly sinks: readonly { readonly name: string; readonly config: SinkSettings }[];
  /** URL of the `SinkModule` that makes them: no object with functions gets from one thread to another. */
  readonly sinkModule: string;
  /** Relative paths in the settings of a sink start from here. */
  readonly folder: string;
  /** What this site is called. */
  readonly site: string;
  readonly appNames: NamesById;
  /** Whose rows are not offered. */
  readonly blacklist: readonly BlacklistRule[];
}

export type DeliveryReply =
  | { readonly type: 'state'; readonly sinks: readonly SinkStats[]; readonly undelivered: Undelivered }
  | {
      readonly type: 'trouble';
      readonly sink: string;
      readonly reason: string;
      readonly needsOperator: boolean;
    }
  /** A row was set aside. */
  | { readonly type: 'set aside'; readonly sink: string; readonly sample: string }
  /** What else an operator wants to know; `isLoss` where something is missing at the far side. */
  | { readonly type: 'news'; readonly sink: string; readonly text: string; readonly isLoss: boolean }
  /** Some sink wants reports, from now on. */
  | { readonly type: 'wants reports' }
  /** Text for standard output; to be answered with `printed`. */
  | { readonly type: 'print'; readonly id: number; readonly text: string };

export type DeliveryTold =
  /** The text of that number is out. */
  | { readonly type: 'printed'; readonly id: number }
  /** All names of apps that there are from now on: rows get the name that is known when they are delivered. */
  | { readonly type: 'app names'; readonly byId: NamesById }
  /** What this Headcount says of itself. */
  | { readonly type: 'report'; readonly report: EdgeReport }
  /** These rules hold from the next reading on. */
  | { readonly type: 'blacklist'; readonly blacklist: readonly BlacklistRule[] };

export interface DeliveryTalk {
  readonly data: DeliveryData;
  readonly toWorker: DeliveryTold;
  readonly fromWorker: DeliveryReply;
  readonly question: never;
  readonly answer: never;
}

const STATE_EVERY_MS = 250;

const side = new WorkerSide<DeliveryTalk>();
const { directory, sinks, sinkModule, folder, site } = side.data;
const appNames = new ChangingAppNames(side.data.appNames);
let report: EdgeReport | null = null;
let blacklist = createBlacklist(side.data.blacklist);
const { createSink }: SinkModule = await import(sinkModule);
const journal = new DatabaseSync(journalFile(directory), { readOnly: true });
journal.exec('PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
const storeId = String(journal.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value']);
const feeds = createFeeds(journal, new RowReader(journal, storeId, appNames, new UserAgents()), (user) =>
  blacklist.excludes(user),
);
const lastSeq = (): number => feeds.find(({ name }) => name === 'events')?.last() ?? 0;
const store = DeliveryStore.of(directory, storeId);

const printing = new Map<number, () => void>();
let prints = 0;
function print(text: string): Promise<void> {
  const id = prints++;
  side.tell({ type: 'print', id, text });
  return new Promise((resolve) => printing.set(id, resolve));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}

const deliveries = sinks.map(({ name, config }) => {
  const madeTable = (table: Table): void => delivery.madeTable(table);
  const parts = {
    ...{ name, storeId, site, lastSeq, madeTable, now: Date.now, folder, print },
    offerAgain: (table: Table, after: number) => delivery.offerAgain(table, after),
    doneThrough: (table: Table) => doneThrough(delivery, table),
    report: () => report,
  };
  const delivery: DeliveryLoop = new DeliveryLoop({
    sink: createSink(config, parts),
    settings: config,
    feeds,
    store,
    now: Date.now,
    random: Math.random,
    pause,
    onTrouble: (reason, needsOperator) => side.tell({ type: 'trouble', sink: name, reason, needsOperator }),
    onSetAside: (sample) => side.tell({ type: 'set aside', sink: name, sample }),
    onNews: (text, isLoss) => side.tell({ type: 'news', sink: name, text, isLoss }),
  });
  return { type: config.type, keeps: config.undelivered === 'keep', delivery };
});

/** Number up to which rows of the table are delivered, or never will be. */
function doneThrough({ sink, feeds }: DeliveryLoop, table: Table): number {
  const ofTable = feeds.filter((feed) => feed.table === table);
  return Math.min(...ofTable.map((feed) => store.cursor(sink.name, feed.name, feed.oldest()).done));
}

const all = deliveries.map(({ delivery }) => delivery);
const keeping = deliveries.filter(({ keeps }) => keeps).map(({ delivery }) => delivery);

function sayState(): void {
  const now = Date.now();
  const stats = deliveries.map(({ delivery, type }) => sinkStats(delivery, type, store, now));
  side.tell({ type: 'state', sinks: stats, undelivered: undeliveredBy(keeping, store, all) });
}

const ticker = setInterval(sayState, STATE_EVERY_MS);
side.serve({
  heard(told) {
    if (told.type === 'app names') {
      appNames.replace(told.byId);
      return;
    }
    if (told.type === 'report') {
      report = told.report;
      return;
    }
    if (told.type === 'blacklist') {
      blacklist = createBlacklist(told.blacklist);
      return;
    }
    printing.get(told.id)?.();
    printing.delete(told.id);
  },
  stop() {
    for (const { delivery } of deliveries) delivery.stop();
  },
});

sayState();
if (all.some(({ sink }) => sink.tables.includes('accepted_events'))) side.tell({ type: 'wants reports' });
await Promise.all(deliveries.map(({ delivery }) => delivery.run()));
clearInterval(ticker);
sayState();
store.close();
journal.close();
side.close();
