import { h, type View } from '../parts/view.ts';
import { timeText } from '../words/time.ts';
import type { Extent } from './data/zoom.ts';
import { isZoomed, type Shown, showAll } from './shown.ts';

/** Two handles, between which lies what the graphs show of the window. */
export function ZoomRange({ shown }: { readonly shown: Shown }): View | null {
  const whole = shown.extent.value;
  const range = shown.range.value;
  if (whole === null || range === null || !shown.canZoom.value) return null;
  const share = (at: number): string => `${(100 * (at - whole.from)) / (whole.to - whole.from)}%`;
  return h(
    'div',
    { class: 'zoom' },
    h(
      'div',
      { class: 'zoom-track' },
      h('div', {
        class: 'zoom-shown',
        style: { left: share(range.from), width: `calc(${share(range.to)} - ${share(range.from)})` },
      }),
      h(Handle, { label: 'From', at: range.from, whole, shown }),
      h(Handle, { label: 'To', at: range.to, whole, shown }),
    ),
    h('p', null, 'From ', h('time', null, timeText(range.from, 'date'))),
    h('button', { type: 'button', disabled: !isZoomed.value, onClick: showAll }, 'Whole window'),
    h('p', null, 'To ', h('time', null, timeText(range.to, 'date'))),
  );
}

function Handle({
  label,
  at,
  whole: { from, to, stepMs },
  shown,
}: {
  readonly label: 'From' | 'To';
  readonly at: number;
  readonly whole: Extent;
  readonly shown: Shown;
}): View {
  const place = Math.round((at - from) / stepMs);
  return h('input', {
    type: 'range',
    'aria-label': label,
    'aria-valuetext': timeText(at, 'full'),
    min: 0,
    max: Math.round((to - from) / stepMs),
    step: 1,
    value: place,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
      const moved = from + currentTarget.valueAsNumber * stepMs;
      if (label === 'From') shown.moveFrom(moved);
      else shown.moveTo(moved);
      // Where the handle may go no further, nothing changes and nothing would put it back.
      const { from: begin, to: end } = shown.range.peek() ?? { from, to };
      currentTarget.valueAsNumber = Math.round(((label === 'From' ? begin : end) - from) / stepMs);
    },
  });
}
