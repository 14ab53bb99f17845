import type { Answers } from '../../journal/read/answers.ts';
import { countText } from '../words/numbers.ts';
import { durationText } from '../words/time.ts';

/** What a stop would mean at the moment, in a sentence. `now`: ms since 1970 UTC. */
export function impactText(
  impact: Pick<Answers['impact'], 'sessions' | 'connectedUsers' | 'lastTimeoutAt'>,
  now: number,
): string {
  const { sessions, connectedUsers, lastTimeoutAt } = impact;
  if (sessions === 0) return 'Nobody is on: it can be stopped.';
  const left = leftText(lastTimeoutAt, now);
  const whoWorks =
    connectedUsers === 0
      ? 'Nobody has an app open.'
      : `${countText(connectedUsers, 'user')} would lose what they have open.`;
  return left === null ? whoWorks : `${whoWorks} ${left}`;
}

function leftText(lastTimeoutAt: string | null, now: number): string | null {
  if (lastTimeoutAt === null) return null;
  const seconds = (Date.parse(lastTimeoutAt) - now) / 1000;
  return seconds <= 0
    ? 'The last lingering session is timing out now.'
    : `The last lingering session times out in ${durationText(seconds)}, if nothing more comes of it.`;
}
