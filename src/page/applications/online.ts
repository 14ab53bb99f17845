import type { SessionItem } from '../../journal/read/answers.ts';
import { h, type View } from '../parts/view.ts';

/** Whether somebody is on, as a sign and a word: an application opens no apps of Sense, so there is no more to tell. */
export function Online({ state }: Pick<SessionItem, 'state'>): View {
  const isOn = state !== 'ended';
  return h(
    'span',
    {
      class: `state state-${isOn ? 'connected' : 'ended'}`,
      title: isOn ? 'the session goes on' : 'it is over',
    },
    isOn ? 'online' : 'offline',
  );
}
