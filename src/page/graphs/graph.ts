import { computed, type ReadonlySignal } from '@preact/signals';
import { appSeries, drawnApps } from './app-series.ts';
import { appLines, eventLines, type Line, openLines } from './data/lines.ts';
import { alignedTo, type Point, type Value, withoutRunning } from './data/points.ts';
import { isOfApp, isOfPlace, type Shown, whole } from './shown.ts';

/** Of each point. The most is null where nobody can know it. */
export type Bounds = readonly [low: readonly Value[], high: readonly Value[]];

/** What a graph shows. Values are in the order of the times of the points; those of each line in the order of the lines. */
export interface Graph {
  readonly title: string;
  readonly shown: Shown;
  /** Itself and the others whose values are told beside the pointer with its own. */
  readonly together: () => readonly Graph[];
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly values: ReadonlySignal<readonly (readonly Value[])[]>;
  /** The same as they are drawn. */
  readonly drawn: ReadonlySignal<readonly (readonly Value[])[]>;
  /** Between what the truth about the first line lies; null where nothing says so. */
  readonly bounds: ReadonlySignal<Bounds | null>;
}

const eventsLines = computed(() => [...eventLines(isOfApp.value), ...appLines(drawnApps.value, 'created')]);

const events = valuesOf(eventsLines);

export const eventsGraph: Graph = {
  title: 'Created, destroyed, rejected',
  shown: whole,
  together: () => [eventsGraph, openGraph],
  lines: eventsLines,
  values: events,
  drawn: computed(() => (whole.isRunning.value ? events.value.map(withoutRunning) : events.value)),
  bounds: computed(() => null),
};

const opensLines = computed(() => [
  ...openLines(isOfApp.value, isOfPlace.value),
  ...appLines(drawnApps.value, 'active'),
]);

const opens = valuesOf(opensLines);

export const openGraph: Graph = {
  title: 'Active sessions',
  shown: whole,
  together: () => [eventsGraph, openGraph],
  lines: opensLines,
  values: opens,
  drawn: opens,
  bounds: computed(() => {
    const { points } = whole.series.value;
    if (isOfApp.value || points.every(({ sessionsLow }) => sessionsLow === null)) return null;
    return [points.map(({ sessionsLow }) => sessionsLow), points.map(({ sessionsHigh }) => sessionsHigh)];
  }),
};

function valuesOf(lines: ReadonlySignal<readonly Line[]>): Graph['values'] {
  return computed(() =>
    lines.value.map(({ appId, read }) => alignedTo(whole.times.value, pointsOf(appId), read)),
  );
}

function pointsOf(appId: string | null): readonly Point[] {
  return (appId === null ? whole.series : appSeries.value.get(appId))?.value.points ?? [];
}

/** Whether there is anything between the bounds that can be drawn. */
export function isBand(bounds: Bounds | null): bounds is Bounds {
  return bounds?.[1].some((high) => high !== null) ?? false;
}
