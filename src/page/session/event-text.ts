import type { EventItem } from '../../journal/read/answers.ts';
import { EVENT_REASON_WORDS } from '../words/events.ts';
import { appName } from '../words/names.ts';

/** What kind of note it is, about what, and how many there were: `warn log of orders`, `usage of export = 3, 2 times`. */
function noteText({ noteType, level, source, value, count }: EventItem): string {
  const kind = [level?.toLowerCase() ?? null, noteType].filter((word) => word !== null).join(' ');
  const what = kind === '' ? (source ?? 'note') : `${kind}${source === null ? '' : ` of ${source}`}`;
  const times = count === null || count === 1 ? '' : `, ${count} times`;
  return `${what}${value === null ? '' : ` = ${value}`}${times}`;
}

/** What happened in a session, such as `opened Sales`. */
export function eventText(event: EventItem): string {
  const { kind, reason, result, message } = event;
  const what = {
    session_start: 'session began',
    session_stop: 'session ended',
    connection_open: `opened ${appName(event)}`,
    connection_close: `closed ${appName(event)}`,
    session_rejected: 'was rejected',
    note: noteText(event),
  }[kind];
  const why = reason === null ? '' : ` (${EVENT_REASON_WORDS[reason]})`;
  const failure = result === null || result === 0 ? '' : `, which failed with result ${result}`;
  return `${what}${failure}${why}${message === null ? '' : `: ${message}`}`;
}
