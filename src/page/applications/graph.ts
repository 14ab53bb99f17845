import { computed, signal } from '@preact/signals';
import { openLines } from '../graphs/data/lines.ts';
import { alignedTo } from '../graphs/data/points.ts';
import { keepSeries } from '../graphs/data/series.ts';
import type { Graph } from '../graphs/graph.ts';
import { Shown } from '../graphs/shown.ts';
import { filter } from '../model/look.ts';

/** Whether somebody may see it: its numbers are made anew for whoever asks. */
export const isGraphSeen = signal(false);

const shown = new Shown(
  keepSeries(() =>
    isGraphSeen.value
      ? { host: filter.host.value, virtualProxy: filter.virtualProxy.value, application: true }
      : null,
  ).known,
);

const lines = computed(() => openLines(false, true));

const values = computed(() =>
  lines.value.map(({ read }) => alignedTo(shown.times.value, shown.series.value.points, read)),
);

/** The sessions of applications that were open, and their users. */
export const applicationsGraph: Graph = {
  title: 'Sessions of applications over time',
  shown,
  together: () => [applicationsGraph],
  lines,
  values,
  drawn: values,
  bounds: computed(() => null),
};
