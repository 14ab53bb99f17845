import type { SessionItem } from '../../journal/read/answers.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { durationText } from '../words/time.ts';

/** How long a session lasted, or has lasted so far, in which case it counts up. */
export function Duration({
  session,
}: {
  readonly session: Pick<SessionItem, 'startedAt' | 'endedAt'>;
}): View {
  const { startedAt, endedAt } = session;
  const until = endedAt === null ? now.value : Date.parse(endedAt);
  return h('span', { class: 'duration' }, durationText((until - Date.parse(startedAt)) / 1000));
}
