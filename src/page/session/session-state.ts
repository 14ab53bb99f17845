import type { SessionItem } from '../../journal/read/answers.ts';
import { h, type View } from '../parts/view.ts';

const MEANINGS: Readonly<Record<SessionItem['state'], string>> = {
  connected: 'with an app open',
  lingering: 'without an open app: it ends by itself if nothing happens',
  doubtful: 'no sign of life has come since lines were lost: it may be over',
  ended: 'over',
};

/** The state of a session as a sign and a word. The sign has another shape for each, not only another colour. */
export function SessionState({ state }: { readonly state: SessionItem['state'] }): View {
  return h('span', { class: `state state-${state}`, title: MEANINGS[state] }, state);
}
