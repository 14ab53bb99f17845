import { computed, effect, signal } from '@preact/signals';
import { asOf, filter, windowName } from '../model/look.ts';
import { filterParameters, now } from '../model/shown.ts';
import { keepSeries } from './data/series.ts';
import { isShownEarly } from './data/spans.ts';
import { type Extent, movedFrom, movedTo, type Range, rangeOf, type ZoomOrAll, zoomTo } from './data/zoom.ts';

/** The points of what the page is narrowed down to. */
export const wholeSeries = keepSeries(() => filterParameters.value).known;

/** Another question than the one that the points answer is asked. */
export const isChanging = computed(() => wholeSeries.value.isChanging);

/** The part of the window that both graphs show. */
const zoom = signal<ZoomOrAll>(null);
effect(() => {
  void windowName.value;
  void asOf.value;
  zoom.value = null;
});

/** Whether the window is long enough that a part of it is worth a look. */
export const canZoom = computed(() => wholeSeries.value.of?.window !== '60s');
export const isZoomed = computed(() => zoom.value !== null);

/** From when to when there are points; null where there are not even two. */
export const extent = computed<Extent | null>(() => {
  const { points, stepMs } = wholeSeries.value;
  const from = points[0]?.at;
  const to = points.at(-1)?.at;
  return from === undefined || to === undefined || from === to ? null : { from, to, stepMs };
});

/** What both graphs show. */
export const shownRange = computed<Range | null>(() =>
  extent.value === null ? null : rangeOf(zoom.value, extent.value),
);

export const times = computed(() => wholeSeries.value.points.map(({ at }) => at));
/** Whether the newest step goes on. */
export const isRunning = computed(() => {
  const { of, points, stepMs } = wholeSeries.value;
  const newest = points.at(-1);
  return (
    of?.moment === null && isShownEarly(stepMs) && newest !== undefined && newest.at + stepMs > now.value
  );
});

export const isOfApp = computed(() => filter.app.value !== null);
/** With an app, users are those of its connections. */
export const isOfPlace = computed(
  () => !isOfApp.value && (filter.host.value !== null || filter.virtualProxy.value !== null),
);

export function zoomToRange(range: Range): void {
  if (extent.value !== null) zoom.value = zoomTo(range, extent.value);
}

export function moveFrom(at: number): void {
  if (extent.value !== null) zoom.value = movedFrom(zoom.value, at, extent.value);
}

export function moveTo(at: number): void {
  if (extent.value !== null) zoom.value = movedTo(zoom.value, at, extent.value);
}

export function showAll(): void {
  zoom.value = null;
}

/** The same, up to the moment that the page shows, where the window ends with that. */
export const drawnRange = computed<Range | null>(() => {
  const range = shownRange.value;
  const moment = wholeSeries.value.of?.moment ?? null;
  return range === null || moment === null || range.to !== extent.value?.to
    ? range
    : { ...range, to: moment };
});

/** The places of the points that are shown, from the first to before the second. */
export const shownPlaces = computed<readonly [from: number, to: number]>(() => {
  const range = shownRange.value;
  if (range === null) return [0, times.value.length];
  const from = times.value.findIndex((at) => at >= range.from);
  return [Math.max(0, from), times.value.findLastIndex((at) => at <= range.to) + 1];
});

/** Shows the whole page as it was when the step of a point had ended. */
export function showMoment(place: number): void {
  const { points, stepMs } = wholeSeries.value;
  const point = points[place];
  if (point !== undefined) asOf.value = Math.min(point.at + stepMs, now.value);
}
