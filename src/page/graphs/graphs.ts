import { WINDOWS, windowName } from '../model/look.ts';
import { RadioRow } from '../parts/choice.ts';
import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { AppChoice } from './app-choice.ts';
import { GraphFigure } from './figure.ts';
import { eventsGraph, openGraph } from './graph.ts';
import { whole } from './shown.ts';
import { ZoomRange } from './zoom-range.ts';

/** The numbers over time. */
export function Graphs(): View {
  return h(
    Section,
    {
      title: 'Over time',
      className: 'graphs',
      tools: h(RadioRow, { label: 'Window', options: WINDOWS, chosen: windowName }),
    },
    h(Problem, null),
    h(GraphFigure, { graph: eventsGraph }),
    h(GraphFigure, { graph: openGraph }),
    h(ZoomRange, { shown: whole }),
    h(AppChoice, null),
  );
}

function Problem(): View | null {
  const { problem, points } = whole.series.value;
  if (points.length === 0) return null;
  if (problem !== null) return h('p', { class: 'problem' }, `These numbers may be old: ${problem}.`);
  if (points.some(({ active, created }) => active !== null || created !== null)) return null;
  return h(Notice, null, 'Nothing is known of this time: Headcount did not run then, or it is too long ago.');
}
