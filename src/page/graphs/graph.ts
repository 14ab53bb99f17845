import { computed, type ReadonlySignal } from '@preact/signals';
import { appSeries, drawnApps } from './app-series.ts';
import { appLines, eventLines, type Line, openLines } from './data/lines.ts';
import { alignedTo, type Point, type Value, withoutRunning } from './data/points.ts';
import { isOfApp, isRunning, times, wholeSeries } from './shown.ts';

/** What a graph shows. Values are in the order of the times of the points; those of each line in the order of the lines. */
export interface Graph {
  readonly title: string;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly values: ReadonlySignal<readonly (readonly Value[])[]>;
  /** The same as they are drawn. */
  readonly drawn: ReadonlySignal<readonly (readonly Value[])[]>;
  /** Between what the first line lies; null where that is not known anywhere. */
  readonly band: ReadonlySignal<readonly [low: readonly Value[], high: readonly Value[]] | null>;
}

const eventsLines = computed(() => [...eventLines(isOfApp.value), ...appLines(drawnApps.value, 'created')]);

const events = valuesOf(eventsLines);

export const eventsGraph: Graph = {
  title: 'Created, destroyed, rejected',
  lines: eventsLines,
  values: events,
  drawn: computed(() => (isRunning.value ? events.value.map(withoutRunning) : events.value)),
  band: computed(() => null),
};

const opensLines = computed(() => [...openLines(isOfApp.value), ...appLines(drawnApps.value, 'active')]);

const opens = valuesOf(opensLines);

export const openGraph: Graph = {
  title: 'Active sessions',
  lines: opensLines,
  values: opens,
  drawn: opens,
  band: computed(() => {
    const { points } = wholeSeries.value;
    if (isOfApp.value || points.every(({ sessionsHigh }) => sessionsHigh === null)) return null;
    return [points.map(({ sessionsLow }) => sessionsLow), points.map(({ sessionsHigh }) => sessionsHigh)];
  }),
};

function valuesOf(lines: ReadonlySignal<readonly Line[]>): Graph['values'] {
  return computed(() => lines.value.map(({ appId, read }) => alignedTo(times.value, pointsOf(appId), read)));
}

function pointsOf(appId: string | null): readonly Point[] {
  return (appId === null ? wholeSeries : appSeries.value.get(appId))?.value.points ?? [];
}
