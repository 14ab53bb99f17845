import { DatabaseSync } from 'node:sqlite';
import { fixedAppNames } from '../../contract/app-names.ts';
import type { Dimension, Window } from '../../sessions/series.ts';
import { WorkerSide } from '../../threads/worker-side.ts';
import { journalFile } from '../journal-file.ts';
import { csvOf } from './csv.ts';
import type { EventFilters } from './event-search.ts';
import { type Followed, type Following, Queries } from './queries.ts';
import { seriesOf } from './series-query.ts';
import type { SessionFilters } from './session-search.ts';
import { UserAgents } from './user-agents.ts';

export interface ReaderData {
  readonly directory: string;
  /** Lower-cased app id to name. */
  readonly appNames: ReadonlyMap<string, string>;
}

/** With `csv`, its columns, a page is answered as `{csv, nextCursor}`. */
interface Page {
  readonly csv?: readonly string[];
}

/** What is answered with JSON. */
export type JsonQuestion =
  | (Page & { readonly ask: 'sessions'; readonly filters: SessionFilters; readonly now: number })
  | { readonly ask: 'session'; readonly id: string; readonly now: number }
  | (Page & { readonly ask: 'events'; readonly filters: EventFilters })
  | { readonly ask: 'series'; readonly window: Window; readonly dimension: Dimension; readonly now: number };

export type Question = JsonQuestion | (Following & { readonly ask: 'follow' });

export interface ReaderTalk {
  readonly data: ReaderData;
  readonly toWorker: never;
  readonly fromWorker: never;
  readonly question: Question;
  /** JSON, null where there is no such thing; or what was asked to follow. */
  readonly answer: string | null | Followed;
}

const side = new WorkerSide<ReaderTalk>();
const { directory, appNames } = side.data;
const database = new DatabaseSync(journalFile(directory), { readOnly: true });
database.exec('PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
const queries = new Queries(database, fixedAppNames(appNames), new UserAgents());

function answer(question: Question): string | null | Followed {
  if (question.ask === 'follow') return queries.follow(question);
  const found = find(question);
  // As text, so that the receiving thread neither copies nor serialises objects.
  return found === null ? null : JSON.stringify(found);
}

function find(question: JsonQuestion): object | null {
  switch (question.ask) {
    case 'sessions':
      return asAsked(queries.sessions(question.filters, question.now), question);
    case 'session':
      return queries.session(question.id, question.now);
    case 'events':
      return asAsked(queries.events(question.filters), question);
    case 'series':
      return seriesOf(database, question.window, question.dimension, question.now);
  }
}

function asAsked(page: Readonly<Record<string, unknown>>, { csv }: Page): object {
  if (csv === undefined) return page;
  return { csv: csvOf(page['items'] as unknown[], csv), nextCursor: page['nextCursor'] };
}

side.serve({
  answer(question) {
    try {
      // One picture for all that an answer reads.
      database.exec('BEGIN');
      return answer(question);
    } finally {
      if (database.isTransaction) database.exec('COMMIT');
    }
  },
  stop() {
    database.close();
    side.close();
  },
});
