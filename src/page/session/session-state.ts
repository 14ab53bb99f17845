import type { SessionItem } from '../../journal/read/answers.ts';
import { h, type View } from '../parts/view.ts';

type State = SessionItem['state'];

const MEANINGS: Readonly<Record<State, string>> = {
  connected: 'with an app open',
  lingering: 'without an open app: it ends by itself if nothing happens',
  doubtful: 'no sign of life has come since lines were lost: it may be over',
  ended: 'over',
};

/** An application opens no apps of Sense, so there is less to tell. */
const OF_APPLICATION: Readonly<Record<State, { readonly sign: State; readonly word: string }>> = {
  connected: { sign: 'connected', word: 'online' },
  lingering: { sign: 'connected', word: 'online' },
  doubtful: { sign: 'doubtful', word: 'doubtful' },
  ended: { sign: 'ended', word: 'offline' },
};

/** The state of a session as a sign and a word. The sign has another shape for each, not only another colour. */
export function SessionState({
  session: { state, application },
}: {
  readonly session: Pick<SessionItem, 'state' | 'application'>;
}): View {
  const { sign, word } = application ? OF_APPLICATION[state] : { sign: state, word: state };
  const title = application && sign === 'connected' ? 'it goes on' : MEANINGS[state];
  return h('span', { class: `state state-${sign}`, title }, word);
}
