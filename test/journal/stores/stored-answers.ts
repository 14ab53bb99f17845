import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fixedAppNames } from '../../../src/contract/app-names.ts';
import { DeliveryStore } from '../../../src/delivery/delivery-store.ts';
import { createFeeds } from '../../../src/delivery/feeds.ts';
import { RowReader } from '../../../src/delivery/row-reader.ts';
import { journalFile } from '../../../src/journal/journal-file.ts';
import { pollsOf } from '../../../src/journal/read/poll-query.ts';
import { Queries } from '../../../src/journal/read/queries.ts';
import { seriesOf } from '../../../src/journal/read/series-query.ts';
import { UserAgents } from '../../../src/journal/read/user-agents.ts';
import type { Site } from '../../../src/sessions/site.ts';

/** Where the stores of all formats are, each in a folder `format-N`. */
export const STORES = join(import.meta.dirname, '../../cases/stores');
export const folderOf = (format: number): string => join(STORES, `format-${format}`);

/** @throws Error that says what to do where there is no kept store of that format */
export function copyKeptStore(format: number, to: string): void {
  if (!existsSync(folderOf(format))) {
    throw new Error(
      `there is no store of format ${format} in test/cases/stores: npm run make-store makes it`,
    );
  }
  cpSync(folderOf(format), to, { recursive: true });
}

/** The sink of which a kept store knows how far it is. */
export const SINK = 'questdb';

/** What a kept store answered when it was made, and must go on to answer. */
export interface StoredAnswers {
  /** When it is asked, ms since 1970 UTC. */
  readonly now: number;
  readonly [question: string]: unknown;
}

export function keptAnswers(format: number): StoredAnswers {
  return JSON.parse(readFileSync(join(folderOf(format), 'expected.json'), 'utf8')) as StoredAnswers;
}

/** What is asked of the store in `directory`, into which `site` was recovered. */
export function answersOf(directory: string, site: Site, now: number): StoredAnswers {
  const database = new DatabaseSync(journalFile(directory), { readOnly: true });
  const storeId = String(database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value']);
  const queries = new Queries(database, fixedAppNames(new Map([['app-1', 'Sales']])), new UserAgents());
  const rows = new RowReader(database, storeId, fixedAppNames(new Map()), new UserAgents());
  const all = { user: null, host: null, virtualProxy: null, app: null, from: null, to: null, cursor: null };
  const sessions = queries.sessions({ filters: { ...all, active: null, at: null, limit: 1_000 }, now });
  const events = queries.events({ ...all, kind: null, limit: 60 });
  const feeds = createFeeds(database, rows).map((feed) => {
    const { entries, through } = feed.read(0, 100_000);
    return [feed.name, { rows: entries.length, through, last: entries.slice(-3) }];
  });
  const [newest] = sessions['items'] as readonly { id: string }[];
  const byUser = { ...all, user: { directory: 'ACME', id: 'Anna' }, active: null, at: null, limit: 1_000 };
  const answers = {
    now,
    active: {
      sessions: site.counts.sessions,
      users: site.counts.users,
      connections: site.counts.connections,
    },
    totals: site.series.totals,
    counters: site.tracker.counters,
    missing: site.lostLines.missing,
    sessions,
    events,
    session: queries.session(newest?.id ?? '', now),
    sessionsOfAnna: (queries.sessions({ filters: byUser, now })['items'] as readonly { id: string }[]).map(
      ({ id }) => id,
    ),
    series: seriesOf(database, '1h', 'all', now).points.filter(({ created }) => (created ?? 0) > 0),
    lastPolls: pollsOf(database, ALL_POLLS),
    polls: pollsOf(database, { ...ALL_POLLS, from: 0 }),
    feeds: Object.fromEntries(feeds),
    delivery: deliveryOf(directory),
  };
  database.close();
  return JSON.parse(JSON.stringify(answers)) as StoredAnswers;
}

const ALL_POLLS = { host: null, virtualProxy: null, from: null, to: null, limit: 100, cursor: null };

function deliveryOf(directory: string): object {
  const store = new DeliveryStore(directory);
  const found = {
    sinks: store.sinks(),
    cursor: store.cursor(SINK, 'events', 1),
    setAside: store.setAsideCounts(SINK, 'events'),
    deadLetters: [...store.list(null)],
    resends: store.requestedResends(SINK),
  };
  store.close();
  return found;
}
