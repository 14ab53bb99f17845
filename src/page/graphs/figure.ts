import { type Signal, useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { asOf } from '../model/look.ts';
import { Notice } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { summaryOf } from './data/summary.ts';
import { type Graph, isBand } from './graph.ts';
import { LineSample } from './line-sample.ts';
import { Plot, type Pointed } from './plot.ts';
import { PointsTable } from './points-table.ts';
import { Tip } from './tip.ts';

/** One of the graphs, with what its lines are, and the same as a table for whoever asks. */
export function GraphFigure({ graph }: { readonly graph: Graph }): View {
  const pointed = useSignal<Pointed | null>(null);
  const isTable = useSignal(false);
  const id = useId();
  return h(
    'figure',
    { class: 'graph', 'aria-label': graph.title, 'aria-describedby': id },
    h('figcaption', { class: 'graph-head' }, h('h3', null, graph.title), h(Legend, { graph })),
    h(
      'div',
      { class: `graph-frame ${graph.shown.isChanging.value ? 'graph-changing' : ''}` },
      h(Drawn, { graph, pointed }),
      h(Tip, { graph, pointed }),
    ),
    h(Description, { id, graph }),
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-expanded': isTable.value,
        onClick: () => {
          isTable.value = !isTable.value;
        },
      },
      'Show as table',
    ),
    isTable.value ? h(PointsTable, { graph }) : null,
  );
}

function Legend({ graph }: { readonly graph: Graph }): View {
  return h(
    'ul',
    { class: 'legend' },
    graph.lines.value.map((line) =>
      h('li', { key: line.key }, h(LineSample, { line }), h('bdi', null, line.label)),
    ),
    isBand(graph.bounds.value)
      ? h('li', null, h('span', { class: 'band-sample' }), 'what the truth lies between')
      : null,
  );
}

function Drawn({
  graph,
  pointed,
}: {
  readonly graph: Graph;
  readonly pointed: Signal<Pointed | null>;
}): View {
  const { shown } = graph;
  const range = shown.drawnRange.value;
  if (range === null) {
    const { problem } = shown.series.value;
    return h(Notice, null, problem === null ? 'The numbers are on their way.' : `No numbers: ${problem}.`);
  }
  return h(Plot, {
    lines: graph.lines.value,
    times: shown.times.value,
    values: graph.drawn.value,
    band: isBand(graph.bounds.value) ? graph.bounds.value : null,
    range,
    mark: asOf.value,
    pointed,
    choose: shown.showMoment,
    zoom: shown.canZoom.value ? shown.zoomTo : null,
  });
}

/** What the lines show, for whoever cannot see them. */
function Description({ id, graph }: { readonly id: string; readonly graph: Graph }): View {
  const [from, to] = graph.shown.places.value;
  const shownTimes = graph.shown.times.value.slice(from, to);
  return h(
    'div',
    { id, class: 'unseen' },
    graph.lines.value.map(({ key, label }, which) =>
      h('p', { key }, summaryOf(label, shownTimes, (graph.values.value[which] ?? []).slice(from, to))),
    ),
    h(
      'p',
      null,
      'A click shows the whole page at that moment. So does its time, typed into "As of". The values are also to be had as a table.',
    ),
  );
}
