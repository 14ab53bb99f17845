/*
 * The part of a window that is looked at. Times are ms since 1970 UTC and lie on the grid of the points.
 */

/** The times of the oldest and of the newest point, and how far apart two points are. */
export interface Extent {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

export interface Zoom {
  readonly lengthMs: number;
  /** Null where it ends with the window, and so goes on with it. */
  readonly to: number | null;
}

/** Null: all of it. */
export type ZoomOrAll = Zoom | null;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a zoom shows of a window that may have gone on since it was chosen: all of it, once the chosen part is no longer in it. */
export function rangeOf(zoom: ZoomOrAll, { from, to, stepMs }: Extent): Range {
  if (zoom === null) return { from, to };
  const end = Math.min(zoom.to ?? to, to);
  if (end - stepMs < from) return { from, to };
  return { from: Math.max(from, Math.min(end - zoom.lengthMs, end - stepMs)), to: end };
}

/** The zoom that shows this range, as nearly as the points allow; at least one step long. */
export function zoomTo(range: Range, { from, to, stepMs }: Extent): ZoomOrAll {
  const onGrid = (at: number): number => from + Math.round((at - from) / stepMs) * stepMs;
  const within = (at: number, least: number, most: number): number =>
    Math.max(least, Math.min(most, onGrid(at)));
  const start = within(range.from, from, to - stepMs);
  const end = within(range.to, start + stepMs, to);
  if (start === from && end === to) return null;
  return { lengthMs: end - start, to: end === to ? null : end };
}

/** One end moved, which stops a step before the other end. */
export function movedFrom(zoom: ZoomOrAll, at: number, extent: Extent): ZoomOrAll {
  const { to } = rangeOf(zoom, extent);
  return zoomTo({ from: Math.min(at, to - extent.stepMs), to }, extent);
}

export function movedTo(zoom: ZoomOrAll, at: number, extent: Extent): ZoomOrAll {
  const { from } = rangeOf(zoom, extent);
  return zoomTo({ from, to: Math.max(at, from + extent.stepMs) }, extent);
}
