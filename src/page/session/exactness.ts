import type { OneSession } from '../../journal/read/answers.ts';
import { countText } from '../words/numbers.ts';

/** A sentence about what is known of a session, and whether it is known exactly. */
export interface Statement {
  readonly isExact: boolean;
  readonly text: string;
}

type EndReason = NonNullable<OneSession['endReason']>;

const ENDS: Readonly<Record<EndReason, string>> = {
  stop: 'A line said that it ended.',
  timeout:
    'Nothing happened in it for longer than the inactivity time-out, so it ended with its last activity.',
  max_age:
    'It was open for longer than any session can be, so it was taken to have ended with its last activity.',
  excluded: 'Its user was put on the blacklist.',
  restart: 'The proxy restarted, which ends every session.',
  made_room: 'There were too many hosts, and hardly anything had come from this one, so it was forgotten.',
  snapshot: 'The proxy no longer listed it when it was asked, so it ended with its last sign of life.',
};

/** What is exact of a session and what is not, in whole sentences. */
export function exactnessOf(session: OneSession): Statement[] {
  const { startExact, identityExact, connections, truncated } = session;
  const guessed = connections.filter(({ closedAt, closeExact }) => closedAt !== null && !closeExact).length;
  return [
    startExact
      ? { isExact: true, text: 'Its start is exact: a line said when it began.' }
      : {
          isExact: false,
          text: 'Its start is not exact: no line said so, and it is counted from its first sign of life. It may have begun earlier.',
        },
    ...endOf(session),
    identityExact
      ? { isExact: true, text: 'All of this is of one session.' }
      : {
          isExact: false,
          text: 'The user had several sessions there at the same time, and no line says which of them it is about. The times are right, but some may belong to another session of this user.',
        },
    ...(guessed === 0
      ? []
      : [
          {
            isExact: false,
            text: `Nobody saw when ${countText(guessed, 'app was', 'apps were')} closed: not later than the end of the session.`,
          },
        ]),
    ...(truncated
      ? [{ isExact: true, text: 'Only the latest 1,000 connections and events are shown; there are more.' }]
      : []),
  ];
}

function endOf({ endedAt, endExact, endReason, doubtful, openConnections }: OneSession): Statement[] {
  if (endedAt !== null) {
    const why = endReason === null ? '' : ` ${ENDS[endReason]}`;
    return [
      { isExact: endExact, text: endExact ? `Its end is exact.${why}` : `Its end is not exact.${why}` },
    ];
  }
  if (doubtful) {
    return [
      {
        isExact: false,
        text: 'It counts as open, but no sign of life has come since lines were lost: it may be over.',
      },
    ];
  }
  const apps = countText(openConnections, 'app');
  return [
    {
      isExact: true,
      text:
        openConnections === 0
          ? 'It is open without an app, so it ends by itself if nothing happens.'
          : `It is open, with ${apps} open.`,
    },
  ];
}
