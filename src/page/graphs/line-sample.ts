import { h, type View } from '../parts/view.ts';
import type { Line } from './data/lines.ts';

/** What a line looks like. */
export function LineSample({ line }: { readonly line: Line }): View {
  return h(
    'svg',
    { class: 'line-sample', width: 26, height: 10, 'aria-hidden': 'true' },
    h('line', {
      x1: 0,
      y1: 5,
      x2: 26,
      y2: 5,
      style: { stroke: `var(${line.colour})` },
      'stroke-width': 2,
      'stroke-dasharray': line.dash.join(' '),
    }),
    line.isMarked ? h('circle', { cx: 13, cy: 5, r: 4, style: { fill: `var(${line.colour})` } }) : null,
  );
}
