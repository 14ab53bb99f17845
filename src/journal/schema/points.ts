import type { Second } from '../../sessions/series.ts';
import { Layout } from './layout.ts';
import { type Columns, KEY, NUMBER, NUMBER_OR_NULL, orNaN, Table, TEXT } from './table.ts';

/** One second on its way to the writer, with the place of its dimension in the message. */
export interface PlacedSecond {
  readonly second: Second;
  readonly dimension: number;
}

/** What happened: points of several seconds add up. */
const TALLIES = {
  created: { ...NUMBER, write: ({ second }) => second.created },
  destroyed: { ...NUMBER, write: ({ second }) => second.destroyed },
  rejected: { ...NUMBER, write: ({ second }) => second.rejected },
} satisfies Columns<PlacedSecond>;

/** What the truth about that lies between, where anybody knows. */
const bound = (of: 'sessions' | 'users', end: 'low' | 'high') => ({
  ...NUMBER_OR_NULL,
  since: 4,
  write: ({ second }: PlacedSecond) => orNaN(second.level?.bounds?.[of][end] ?? null),
});

/** What was open at the end, where that is known: of several seconds the latest stands, as a whole. */
const LEVELS = {
  active: { ...NUMBER_OR_NULL, write: ({ second }) => orNaN(second.level?.active ?? null) },
  users: { ...NUMBER_OR_NULL, write: ({ second }) => orNaN(second.level?.users ?? null) },
  connections: { ...NUMBER_OR_NULL, write: ({ second }) => orNaN(second.level?.connections ?? null) },
  connected_users: {
    ...NUMBER_OR_NULL,
    since: 4,
    write: ({ second }) => orNaN(second.level?.connectedUsers ?? null),
  },
  sessions_low: bound('sessions', 'low'),
  sessions_high: bound('sessions', 'high'),
  users_low: bound('users', 'low'),
  users_high: bound('users', 'high'),
} satisfies Columns<PlacedSecond>;

const DURATION = {
  duration_ms: { ...NUMBER, write: ({ second }) => Math.round(second.durationMs) },
} satisfies Columns<PlacedSecond>;

export const TALLY_COLUMNS = Object.keys(TALLIES) as (keyof typeof TALLIES)[];
export const SUM_COLUMNS = [...TALLY_COLUMNS, 'duration_ms'] as const;
export const LEVEL_COLUMNS = Object.keys(LEVELS) as (keyof typeof LEVELS)[];

export const DIMENSIONS = new Table('dimensions', {
  id: KEY,
  name: { ...TEXT, sql: 'TEXT NOT NULL UNIQUE' },
});

/** Counts by dimension and step; `at`: seconds since 1970, the beginning of the step. */
export const POINTS = new Table(
  'points',
  {
    dimension: { ...NUMBER, write: ({ dimension }: PlacedSecond) => dimension },
    step: NUMBER,
    at: { ...NUMBER, write: ({ second }: PlacedSecond) => second.at },
    ...TALLIES,
    ...DURATION,
    ...LEVELS,
  },
  { constraint: 'PRIMARY KEY (dimension, step, at)', isWithoutRowid: true },
);

/** Seconds on their way to the writer, with whether those who follow the counts want to know. */
export const POINT = new Layout({
  ...POINTS.columns,
  is_news: { write: ({ second }: PlacedSecond) => (second.isNews ? 1 : 0) },
});

/** What was counted in a second, each time it changed: a log that sinks follow. */
export const COUNTS = new Table(
  'counts',
  { number: KEY, at: NUMBER, dimension: NUMBER, ...TALLIES, ...LEVELS },
  { indexes: ['CREATE INDEX counts_second ON counts (dimension, at)'] },
);
