import type { ComponentChildren } from 'preact';
import type { OneSession } from '../../journal/read/answers.ts';
import { Name } from '../parts/name.ts';
import { h, type View } from '../parts/view.ts';
import { UNKNOWN } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';
import { Duration } from './duration.ts';
import { exactnessOf } from './exactness.ts';
import { lossText } from './losses.ts';
import { SessionState } from './session-state.ts';

/** What is known of a session in a few words each. */
export function Facts({ session }: { readonly session: OneSession }): View {
  const { startedAt, startExact, endedAt, endExact, host, virtualProxy, browser, os } = session;
  return h(
    'dl',
    { class: 'facts' },
    h(Fact, { name: 'State' }, h(SessionState, { session })),
    h(Fact, { name: 'Duration' }, h(Duration, { session })),
    h(Fact, { name: 'Started' }, timeWords(startedAt, startExact)),
    h(Fact, { name: 'Ended' }, endedAt === null ? 'not yet' : timeWords(endedAt, endExact)),
    h(Fact, { name: 'Host' }, h(Name, { text: host ?? UNKNOWN })),
    h(Fact, { name: 'Virtual proxy' }, h(Name, { text: virtualProxy ?? UNKNOWN })),
    h(Fact, { name: 'Browser' }, h(Name, { text: browser ?? UNKNOWN })),
    h(Fact, { name: 'OS' }, h(Name, { text: os ?? UNKNOWN })),
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): View {
  return h('div', null, h('dt', null, name), h('dd', null, children));
}

function timeWords(time: string, isExact: boolean): string {
  return `${isExact ? '' : 'about '}${timeText(time, 'date')}`;
}

/** What of it is exact and what is not, and when lines were lost meanwhile. */
export function Exactness({ session }: { readonly session: OneSession }): View {
  return h(
    'ul',
    { class: 'exactness' },
    exactnessOf(session).map(({ isExact, text }) =>
      h('li', { key: text, class: isExact ? 'is-exact' : 'is-guess' }, text),
    ),
    session.lossWindows.map((loss) => {
      const text = lossText(loss);
      return h('li', { key: text, class: 'is-guess' }, text);
    }),
  );
}
