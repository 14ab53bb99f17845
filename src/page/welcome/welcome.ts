import { computed } from '@preact/signals';
import type { Ingest } from '../ingest/ingest-answer.ts';
import { useAnswer } from '../model/answer.ts';
import { liveCounts } from '../model/live.ts';
import { asOf, filter } from '../model/look.ts';
import { Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import {
  appenderCommand,
  isFirstVisit,
  isLoopback,
  type Listening,
  listeningOf,
  takesEvents,
} from './first-steps.ts';
import { TestLine } from './test-line.ts';

const EVERY_MS = 5_000;

/** There is nothing to see yet. It is over by itself when the first line comes. */
export const isNew = computed(
  () =>
    asOf.value === null &&
    Object.values(filter).every(({ value }) => value === null) &&
    isFirstVisit(liveCounts.value),
);

/** Not even a test line has come, so everything else would be empty. */
export const hasNothing = computed(() => isNew.value && liveCounts.value?.hosts.length === 0);

/** What to do before there is anything to see. */
export function Welcome(): View {
  const known = useAnswer<Ingest>(() => ({ route: 'ingest', parameters: {} }), EVERY_MS);
  const ingest = known.value.value;
  const receivers = ingest?.receivers ?? [];
  const listening = listeningOf(receivers);
  const { hostname } = location;
  return h(
    Section,
    { title: 'Nothing has come from Qlik Sense yet', className: 'welcome' },
    h(
      'p',
      null,
      'Headcount runs and waits for lines of Qlik Sense. These steps make Sense send them; this page shows the first one as soon as it comes.',
    ),
    h(
      'ol',
      null,
      h(
        'li',
        null,
        h(
          'p',
          null,
          'Make the file that tells a Sense node to send, on the machine on which Headcount runs:',
        ),
        h(Command, { text: appenderCommand(hostname, listening?.port ?? 9997, 'proxy') }),
        isLoopback(hostname)
          ? h('p', { class: 'label' }, 'Put in the address at which the Sense nodes find this machine.')
          : null,
      ),
      h(
        'li',
        null,
        h('p', null, 'Copy it to every node with a proxy service. It takes effect when it is saved there:'),
        h(Command, { text: 'C:\\ProgramData\\Qlik\\Sense\\Proxy\\LocalLogConfig.xml' }),
      ),
      h(
        'li',
        null,
        h('p', null, `Let the lines through the firewall of this machine. ${placeText(listening)}`),
      ),
      h('li', null, h('p', null, 'Log in to the hub. Somebody is on, and this page shows it.')),
    ),
    ingest === null ? null : h(TestLine, { isAllowed: takesEvents(receivers) }),
    ingest === null || ingest.received === 0 ? null : h(SoFar, { ingest }),
  );
}

function placeText(listening: Listening | null): string {
  if (listening === null) return 'No receiver listens for UDP: the configuration says where it should.';
  const { port, isLocal } = listening;
  const only = isLocal
    ? ' and only at an address that no other machine reaches: "host" of the receiver in config.yaml changes that'
    : '';
  return `Headcount listens at UDP ${port}${only}.`;
}

function Command({ text }: { readonly text: string }): View {
  return h('pre', { class: 'command', tabIndex: 0 }, h('code', null, text));
}

/** Something did come, and was none of what is waited for. */
function SoFar({ ingest }: { readonly ingest: Ingest }): View {
  return h(
    'p',
    { class: 'label' },
    `So far ${ingest.received} messages came, and ${ingest.accepted} of them were lines about sessions. Below "Ingest" is what became of the others.`,
  );
}
