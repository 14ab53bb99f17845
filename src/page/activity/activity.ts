import { asOf } from '../model/look.ts';
import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { countText, numberText } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';
import { feed, history, isHeld, isPointedAt, isStopped } from './activity-feed.ts';
import { ActivityRow } from './activity-row.ts';

/** What happens, as it happens: the newest first. It stands still while somebody points at it or is in it. */
export function Activity(): View {
  return h(
    Section,
    { title: 'Activity', className: 'activity', tools: h(Tools, null) },
    h(Problem, null),
    h(
      'div',
      {
        class: 'feed-frame',
        // A list that scrolls has to be reached by keyboard, also where none of its rows has a link.
        tabIndex: 0,
        role: 'group',
        'aria-label': 'Latest events',
        onPointerEnter: ({ pointerType }: PointerEvent) => {
          isPointedAt.value = pointerType !== 'touch';
        },
        onPointerLeave: () => {
          isPointedAt.value = false;
        },
        onFocusIn: () => {
          isPointedAt.value = true;
        },
        onFocusOut: () => {
          isPointedAt.value = false;
        },
      },
      h(Rows, null),
    ),
  );
}

function Tools(): View {
  const at = asOf.value;
  if (at !== null) return h('span', { class: 'label' }, `until ${timeText(at, 'date')}`);
  return h(
    'div',
    { class: 'tools' },
    h('span', { class: 'label feed-state' }, stateText()),
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': isStopped.value,
        onClick: () => {
          isStopped.value = !isStopped.value;
        },
      },
      'Pause',
    ),
  );
}

function stateText(): string {
  if (isHeld.value) return `paused, ${numberText(feed.waiting.value)} new`;
  const passedOver = feed.passedOver.value;
  return passedOver === 0 ? 'live' : `${countText(passedOver, 'more event')} not shown`;
}

function Problem(): View | null {
  const { problem } = history.value;
  return problem === null
    ? null
    : h('p', { class: 'problem' }, `What happened before is not known: ${problem}.`);
}

function Rows(): View {
  const rows = feed.rows.value;
  if (rows.length > 0) {
    return h(
      'ol',
      { class: 'feed' },
      rows.map((event) => h(ActivityRow, { key: event.seq, event })),
    );
  }
  return h(Notice, null, history.value.isChanging ? 'Asking what happened …' : 'Nothing has happened yet.');
}
