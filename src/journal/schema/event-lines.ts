import { KEY, NUMBER, Table, TEXT_OR_NULL } from './table.ts';

/**
 * Events with the words of their lines, only while a sink wants those and only until such sinks have them. `number` is that of
 * the event, `at` when it arrived; `words`: JSON of `LineWords`, null where no line told of it or the line is kept no longer.
 */
export const EVENT_LINES = new Table(
  'event_lines',
  { number: KEY, at: NUMBER, words: TEXT_OR_NULL },
  { since: 5 },
);
