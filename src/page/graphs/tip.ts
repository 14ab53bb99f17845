import type { ReadonlySignal } from '@preact/signals';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { rangeText } from '../words/quality.ts';
import { timeText } from '../words/time.ts';
import type { Value } from './data/points.ts';
import type { Graph } from './graph.ts';
import { LineSample } from './line-sample.ts';
import type { Pointed } from './plot.ts';

/** Every value of a graph, and of those that it stands with, at the time at which the pointer is, beside it. */
export function Tip({
  graph,
  pointed,
}: {
  readonly graph: Graph;
  readonly pointed: ReadonlySignal<Pointed | null>;
}): View | null {
  const at = pointed.value;
  const time = at === null ? undefined : graph.shown.times.value[at.place];
  if (at === null || !at.isHere || time === undefined) return null;
  const isLeft = at.left > at.width / 2;
  const style = isLeft ? { right: `${at.width - at.left + 14}px` } : { left: `${at.left + 14}px` };
  return h(
    'div',
    { class: 'tip', role: 'tooltip', style },
    h('p', null, timeText(time, 'full')),
    h(
      'ul',
      null,
      graph.together().map((each) => rowsOf(each, at.place)),
    ),
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
