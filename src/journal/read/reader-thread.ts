import { ChangingAppNames, type NamesById } from '../../contract/app-names.ts';
import type { BlacklistRule } from '../../contract/blacklist.ts';
import { createClassOf } from '../../contract/user-class.ts';
import { WorkerSide } from '../../threads/worker-side.ts';
import { ExcludedUsers } from '../excluded-users.ts';
import { journalFile } from '../journal-file.ts';
import type { Answers, CsvPage, Json } from './answers.ts';
import { type AroundQuestion, aroundOf } from './around-query.ts';
import { csvOf } from './csv.ts';
import type { EventFilters } from './event-search.ts';
import { type ImpactQuestion, impactOf } from './impact-query.ts';
import { type ApplicationsQuestion, applicationsOf } from './parts/applications-query.ts';
import { type CountsQuestion, countsOf } from './parts/counts-query.ts';
import type { Part } from './parts/part.ts';
import { type PeaksQuestion, peaksOf } from './peaks/peaks-query.ts';
import { type PollFilters, pollsOf } from './poll-query.ts';
import { type Followed, type Following, Queries } from './queries.ts';
import type { Asker } from './reader-turns.ts';
import { rejectionsOf } from './rejections-query.ts';
import { type SeriesSpan, seriesOfPart } from './series-query.ts';
import type { SessionsQuestion } from './sessions/sessions-page.ts';
import { UserAgents } from './user-agents.ts';
import { Abandoned, WatchedDatabase } from './watched-database.ts';

export interface ReaderData {
  readonly directory: string;
  readonly appNames: NamesById;
  /** Whom no answer may name. */
  readonly blacklist: readonly BlacklistRule[];
  /** Rules for users that are no persons. */
  readonly serviceUsers?: readonly BlacklistRule[];
}

/** What one of the threads begins with. */
export interface ThreadData extends ReaderData {
  /** One number: the turn whose question nobody waits for any more. */
  readonly abandoned: Int32Array<SharedArrayBuffer>;
}

/** A question and its number among those of a thread. */
export interface Turn {
  readonly number: number;
  readonly question: Question;
}

/** With `csv`, its columns, a page is answered as CSV. */
interface Page {
  readonly csv?: readonly string[];
}

/** What can be asked, by the name of its answer. */
interface Questions {
  readonly sessions: Page & SessionsQuestion & { readonly ask: 'sessions' };
  readonly session: { readonly ask: 'session'; readonly id: string; readonly now: number };
  readonly events: Page & { readonly ask: 'events'; readonly filters: EventFilters };
  readonly snapshots: Page & { readonly ask: 'snapshots'; readonly filters: PollFilters };
  readonly series: Page & {
    readonly ask: 'series';
    readonly span: SeriesSpan;
    readonly part: Part;
    readonly now: number;
  };
  readonly around: Page & AroundQuestion & { readonly ask: 'around' };
  readonly rejections: Page & {
    readonly ask: 'rejections';
    readonly filters: EventFilters;
    readonly now: number;
  };
  readonly impact: Page & ImpactQuestion & { readonly ask: 'impact'; readonly now: number };
  readonly peaks: Page & PeaksQuestion & { readonly ask: 'peaks'; readonly now: number };
  readonly applications: Page & ApplicationsQuestion & { readonly ask: 'applications'; readonly now: number };
  readonly counts: CountsQuestion & { readonly ask: 'counts'; readonly now: number };
}

/** What is answered with JSON. */
export type JsonQuestion = Questions[keyof Questions];

export type AnswerTo<Asked extends JsonQuestion> = Asked extends { readonly csv: readonly string[] }
  ? Json<CsvPage> | Extract<Answers[Asked['ask']], null>
  : JsonOf<Answers[Asked['ask']]>;

/** JSON text, null where there is no such thing. */
type JsonOf<Value> = Json<NonNullable<Value>> | Extract<Value, null>;

/** Asks for something that is answered with JSON. */
export type Ask = <Asked extends JsonQuestion>(question: Asked, asker: Asker) => Promise<AnswerTo<Asked>>;

export type Question = JsonQuestion | (Following & { readonly ask: 'follow' });

export interface ReaderTalk {
  readonly data: ThreadData;
  readonly toWorker: /** All names of apps that there are from now on. */
    | { readonly type: 'app names'; readonly byId: NamesById }
    /** These rules hold for what is asked from now on. */
    | { readonly type: 'blacklist'; readonly blacklist: readonly BlacklistRule[] };
  readonly fromWorker: never;
  readonly question: Turn;
  /** JSON, null where there is no such thing; or what was asked to follow. */
  readonly answer: string | null | Followed;
}

/** Between two turns. */
const NONE = -1;

const side = new WorkerSide<ReaderTalk>();
const { directory, blacklist, serviceUsers = [], abandoned } = side.data;
/** The number of the turn that is under way. */
let current = NONE;
const appNames = new ChangingAppNames(side.data.appNames);
const database = new WatchedDatabase(journalFile(directory), () => {
  if (Atomics.load(abandoned, 0) === current) throw new Abandoned();
});
database.exec('PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
const excluded = new ExcludedUsers(database);
excluded.replace(blacklist);
const queries = new Queries(database, appNames, new UserAgents(), createClassOf(serviceUsers), excluded);

function answer(question: Question): string | null | Followed {
  if (question.ask === 'follow') return queries.follow(question);
  const found = find(question.ask, question);
  // As text, so that the receiving thread neither copies nor serialises objects.
  return found === null ? null : JSON.stringify(found);
}

type Found<Name extends keyof Questions> = Answers[Name] | CsvPage;

const FINDERS: { readonly [Name in keyof Questions]: (question: Questions[Name]) => Found<Name> } = {
  sessions: (question) => {
    const found = queries.sessions(question);
    const { quality, reasons, total, totalIsAtLeast } = found;
    const page = asAsked(found, question);
    if (!('csv' in page)) return page;
    return {
      ...page,
      quality: quality === null ? null : [quality, ...reasons].join(' '),
      total: total === null ? null : `${totalIsAtLeast ? 'more than ' : ''}${total}`,
    };
  },
  session: ({ id, now }) => queries.session(id, now),
  events: (question) => asAsked(queries.events(question.filters), question),
  snapshots: (question) => asAsked(pollsOf(database, question.filters), question),
  series: ({ span, part, now, csv }) => {
    const found = seriesOfPart(database, queries.items, span, part, now);
    return found === null || csv === undefined ? found : { csv: csvOf(found.points, csv), nextCursor: null };
  },
  around: (question) => {
    const found = aroundOf(database, queries.items, question);
    return question.csv === undefined ? found : { csv: csvOf(found.items, question.csv), nextCursor: null };
  },
  rejections: (question) =>
    asAsked(rejectionsOf(database, queries.items, question.filters, question.now), question),
  impact: (question) => asAsked(impactOf(database, queries.items, question, question.now), question),
  peaks: (question) => asAsked(peaksOf(database, queries.items, question, question.now), question),
  applications: (question) => {
    const found = applicationsOf(database, queries.items, question, question.now);
    return question.csv === undefined ? found : { csv: csvOf(found.items, question.csv), nextCursor: null };
  },
  counts: (question) => countsOf(database, queries.items, question, question.now),
};

function find<Name extends keyof Questions>(name: Name, question: Questions[Name]): Found<Name> {
  return FINDERS[name](question);
}

function asAsked<Items extends { readonly items: readonly unknown[]; readonly nextCursor: string | null }>(
  page: Items,
  { csv }: Page,
): Items | CsvPage {
  return csv === undefined ? page : { csv: csvOf(page.items, csv), nextCursor: page.nextCursor };
}

side.serve({
  heard(told) {
    if (told.type === 'app names') appNames.replace(told.byId);
    else excluded.replace(told.blacklist);
  },
  answer({ number, question }) {
    try {
      // One picture for all that an answer reads.
      database.exec('BEGIN');
      excluded.refresh();
      queries.items.renew();
      // From here on: what outlives a question must not be given up halfway.
      current = number;
      return answer(question);
    } finally {
      if (database.isTransaction) database.exec('COMMIT');
      current = NONE;
    }
  },
  stop() {
    database.close();
    side.close();
  },
});
