import type { ReadonlySignal } from '@preact/signals';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { rangeText } from '../words/quality.ts';
import { timeText } from '../words/time.ts';
import type { Value } from './data/points.ts';
import { eventsGraph, type Graph, openGraph } from './graph.ts';
import { LineSample } from './line-sample.ts';
import type { Pointed } from './plot.ts';
import { times } from './shown.ts';

/** Every value of both graphs at the time at which the pointer is, beside it. */
export function Tip({ pointed }: { readonly pointed: ReadonlySignal<Pointed | null> }): View | null {
  const at = pointed.value;
  const time = at === null ? undefined : times.value[at.place];
  if (at === null || !at.isHere || time === undefined) return null;
  const isLeft = at.left > at.width / 2;
  const style = isLeft ? { right: `${at.width - at.left + 14}px` } : { left: `${at.left + 14}px` };
  return h(
    'div',
    { class: 'tip', role: 'tooltip', style },
    h('p', null, timeText(time, 'full')),
    h('ul', null, rowsOf(eventsGraph, at.place), rowsOf(openGraph, at.place)),
  );
}

function rowsOf({ lines, values, bounds }: Graph, place: number): View[] {
  const [low, high] = bounds.value ?? [];
  return lines.value.map((line, which) =>
    h(
      'li',
      { key: line.key },
      h(LineSample, { line }),
      h('bdi', null, line.label),
      h('span', { class: 'amount' }, numberText(values.value[which]?.[place])),
      which === 0 ? boundsText(low?.[place] ?? null, high?.[place] ?? null) : null,
    ),
  );
}

function boundsText(low: Value, high: Value): View | null {
  if (low === null || low === high) return null;
  return h('span', { class: 'bounds' }, rangeText({ low, high }));
}
