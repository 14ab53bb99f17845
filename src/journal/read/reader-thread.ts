import { DatabaseSync } from 'node:sqlite';
import { ChangingAppNames, type NamesById } from '../../contract/app-names.ts';
import type { Dimension, Window } from '../../sessions/series.ts';
import { WorkerSide } from '../../threads/worker-side.ts';
import { journalFile } from '../journal-file.ts';
import type { Answers, CsvPage, Json } from './answers.ts';
import { csvOf } from './csv.ts';
import type { EventFilters } from './event-search.ts';
import { type PollFilters, pollsOf } from './poll-query.ts';
import { type Followed, type Following, Queries } from './queries.ts';
import { seriesOf } from './series-query.ts';
import type { SessionFilters } from './session-search.ts';
import { UserAgents } from './user-agents.ts';

export interface ReaderData {
  readonly directory: string;
  readonly appNames: NamesById;
}

/** With `csv`, its columns, a page is answered as CSV. */
interface Page {
  readonly csv?: readonly string[];
}

/** What can be asked, by the name of its answer. */
interface Questions {
  readonly sessions: Page & {
    readonly ask: 'sessions';
    readonly filters: SessionFilters;
    readonly now: number;
  };
  readonly session: { readonly ask: 'session'; readonly id: string; readonly now: number };
  readonly events: Page & { readonly ask: 'events'; readonly filters: EventFilters };
  readonly snapshots: Page & { readonly ask: 'snapshots'; readonly filters: PollFilters };
  readonly series: {
    readonly ask: 'series';
    readonly window: Window;
    readonly dimension: Dimension;
    readonly now: number;
  };
}

/** What is answered with JSON. */
export type JsonQuestion = Questions[keyof Questions];

export type AnswerTo<Asked extends JsonQuestion> = Asked extends { readonly csv: readonly string[] }
  ? Json<CsvPage>
  : JsonOf<Answers[Asked['ask']]>;

/** JSON text, null where there is no such thing. */
type JsonOf<Value> = Json<NonNullable<Value>> | Extract<Value, null>;

/** Asks for something that is answered with JSON. */
export type Ask = <Asked extends JsonQuestion>(question: Asked) => Promise<AnswerTo<Asked>>;

export type Question = JsonQuestion | (Following & { readonly ask: 'follow' });

export interface ReaderTalk {
  readonly data: ReaderData;
  /** All names of apps that there are from now on. */
  readonly toWorker: NamesById;
  readonly fromWorker: never;
  readonly question: Question;
  /** JSON, null where there is no such thing; or what was asked to follow. */
  readonly answer: string | null | Followed;
}

const side = new WorkerSide<ReaderTalk>();
const { directory } = side.data;
const appNames = new ChangingAppNames(side.data.appNames);
const database = new DatabaseSync(journalFile(directory), { readOnly: true });
database.exec('PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
const queries = new Queries(database, appNames, new UserAgents());

function answer(question: Question): string | null | Followed {
  if (question.ask === 'follow') return queries.follow(question);
  const found = find(question.ask, question);
  // As text, so that the receiving thread neither copies nor serialises objects.
  return found === null ? null : JSON.stringify(found);
}

type Found<Name extends keyof Questions> = Answers[Name] | CsvPage;

const FINDERS: { readonly [Name in keyof Questions]: (question: Questions[Name]) => Found<Name> } = {
  sessions: (question) => asAsked(queries.sessions(question.filters, question.now), question),
  session: ({ id, now }) => queries.session(id, now),
  events: (question) => asAsked(queries.events(question.filters), question),
  snapshots: (question) => asAsked(pollsOf(database, question.filters), question),
  series: ({ window, dimension, now }) => seriesOf(database, window, dimension, now),
};

function find<Name extends keyof Questions>(name: Name, question: Questions[Name]): Found<Name> {
  return FINDERS[name](question);
}

function asAsked<Items extends Answers['sessions'] | Answers['events'] | Answers['snapshots']>(
  page: Items,
  { csv }: Page,
): Items | CsvPage {
  return csv === undefined ? page : { csv: csvOf(page.items, csv), nextCursor: page.nextCursor };
}

side.serve({
  heard: (byId) => appNames.replace(byId),
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
