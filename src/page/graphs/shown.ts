import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { asOf, filter, windowName } from '../model/look.ts';
import { filterParameters, now } from '../model/shown.ts';
import { type KnownSeries, keepSeries } from './data/series.ts';
import { isShownEarly } from './data/spans.ts';
import { type Extent, movedFrom, movedTo, type Range, rangeOf, type ZoomOrAll, zoomTo } from './data/zoom.ts';

/** The part of the window that all graphs show. */
const zoom = signal<ZoomOrAll>(null);
effect(() => {
  void windowName.value;
  void asOf.value;
  zoom.value = null;
});

export const isZoomed = computed(() => zoom.value !== null);

export function showAll(): void {
  zoom.value = null;
}

/** What is shown of the points of one answer, and of when. */
export class Shown {
  readonly series: ReadonlySignal<KnownSeries>;
  readonly times = computed(() => this.series.value.points.map(({ at }) => at));
  /** Another question than the one that the points answer is asked. */
  readonly isChanging = computed(() => this.series.value.isChanging);
  /** Whether the window is long enough that a part of it is worth a look. */
  readonly canZoom = computed(() => this.series.value.of?.window !== '60s');
  /** From when to when there are points; null where there are not even two. */
  readonly extent = computed<Extent | null>(() => {
    const { points, stepMs } = this.series.value;
    const from = points[0]?.at;
    const to = points.at(-1)?.at;
    return from === undefined || to === undefined || from === to ? null : { from, to, stepMs };
  });
  readonly range = computed<Range | null>(() =>
    this.extent.value === null ? null : rangeOf(zoom.value, this.extent.value),
  );
  /** The same, up to the moment that the page shows, where the window ends with that. */
  readonly drawnRange = computed<Range | null>(() => {
    const range = this.range.value;
    const moment = this.series.value.of?.moment ?? null;
    return range === null || moment === null || range.to !== this.extent.value?.to
      ? range
      : { ...range, to: moment };
  });
  /** The places of the points that are shown, from the first to before the second. */
  readonly places = computed<readonly [from: number, to: number]>(() => {
    const range = this.range.value;
    const times = this.times.value;
    if (range === null) return [0, times.length];
    const from = times.findIndex((at) => at >= range.from);
    return [Math.max(0, from), times.findLastIndex((at) => at <= range.to) + 1];
  });
  /** Whether the newest step goes on. */
  readonly isRunning = computed(() => {
    const { of, points, stepMs } = this.series.value;
    const newest = points.at(-1);
    return (
      of?.moment === null && isShownEarly(stepMs) && newest !== undefined && newest.at + stepMs > now.value
    );
  });

  constructor(series: ReadonlySignal<KnownSeries>) {
    this.series = series;
  }

  readonly zoomTo = (range: Range): void => {
    if (this.extent.value !== null) zoom.value = zoomTo(range, this.extent.value);
  };

  moveFrom(at: number): void {
    if (this.extent.value !== null) zoom.value = movedFrom(zoom.value, at, this.extent.value);
  }

  moveTo(at: number): void {
    if (this.extent.value !== null) zoom.value = movedTo(zoom.value, at, this.extent.value);
  }

  /** Shows the whole page as it was when the step of a point had ended. */
  readonly showMoment = (place: number): void => {
    const { points, stepMs } = this.series.value;
    const point = points[place];
    if (point !== undefined) asOf.value = Math.min(point.at + stepMs, now.value);
  };
}

/** The points of what the page is narrowed down to. */
export const whole = new Shown(keepSeries(() => filterParameters.value).known);

export const isOfApp = computed(() => filter.app.value !== null);
/** With an app, users are those of its connections. */
export const isOfPlace = computed(
  () => !isOfApp.value && (filter.host.value !== null || filter.virtualProxy.value !== null),
);
