import { effect, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type UPlot from 'uplot';
import { isDark } from '../model/choices.ts';
import { h, type View } from '../parts/view.ts';
import { zone, zoneName } from '../words/time.ts';
import { amountLabel, axisTop, timeLabels, WHOLE_STEPS } from './data/axis.ts';
import type { Line } from './data/lines.ts';
import { lonePlaces, type Value } from './data/points.ts';
import type { Range } from './data/zoom.ts';

/** The library is a classic script before the modules of the page. */
declare const uPlot: typeof UPlot;

/** Where the pointer is: the place of the point nearest to it, and how far from the left of the graph, in pixels. */
export interface Pointed {
  readonly place: number;
  readonly left: number;
  /** Of the whole graph. */
  readonly width: number;
  /** Whether the pointer is in this graph, and not in the other one at the same time. */
  readonly isHere: boolean;
}

export interface PlotProperties {
  readonly lines: readonly Line[];
  /** Times (ms since 1970 UTC) and the values of each line, and between what the first line lies. */
  readonly times: readonly number[];
  readonly values: readonly (readonly Value[])[];
  readonly band: readonly [low: readonly Value[], high: readonly Value[]] | null;
  readonly range: Range;
  /** Where an upright line stands; null for none. */
  readonly mark: number | null;
  readonly pointed: Signal<Pointed | null>;
  /** The place of the point that was clicked. */
  readonly choose: (place: number) => void;
  /** A range was drawn with the pointer; null where that means nothing. */
  readonly zoom: ((range: Range) => void) | null;
}

const HEIGHT = 190;
const AXIS_WIDTH = 56;
/** Half a label of the axis of time. */
const RIGHT = 28;
const FONT = '12px system-ui, sans-serif';

/** A graph over time. What it shows is said in words beside it, so nobody but those who see it need know of it. */
export function Plot(properties: PlotProperties): View {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef(properties);
  latest.current = properties;
  const shape = `${properties.lines.map(({ key, label, colour }) => `${key} ${label} ${colour}`).join('\n')} ${properties.band !== null}`;
  useEffect(() => {
    const target = place.current;
    if (target === null) return;
    const drawn = new uPlot(optionsOf(latest, target.clientWidth), dataOf(properties), target);
    plot.current = drawn;
    const resizing = new ResizeObserver(() => drawn.setSize({ width: target.clientWidth, height: HEIGHT }));
    resizing.observe(target);
    // At once: what is printed does not wait for the next time that the page is drawn.
    const stop = effect(() => {
      void isDark.value;
      drawn.redraw(false, true);
    });
    return () => {
      stop();
      resizing.disconnect();
      drawn.destroy();
      plot.current = null;
      properties.pointed.value = null;
    };
  }, [shape]);
  useEffect(() => {
    const { from, to } = properties.range;
    plot.current?.batch((drawn: UPlot) => {
      drawn.setData(dataOf(properties), false);
      drawn.setScale('x', { min: from, max: to });
    });
  }, [properties.times, properties.values, properties.range.from, properties.range.to, shape]);
  useEffect(() => plot.current?.redraw(false, true), [zone.value, properties.mark]);
  return h('div', { ref: place, class: 'plot', 'aria-hidden': 'true' });
}

function dataOf({ times, values, band }: PlotProperties): UPlot.AlignedData {
  return [times, ...values, ...(band ?? [])] as unknown as UPlot.AlignedData;
}

interface Latest {
  readonly current: PlotProperties;
}

function optionsOf(latest: Latest, width: number): UPlot.Options {
  const { lines, band } = latest.current;
  const first = lines.length + 1;
  return {
    width,
    height: HEIGHT,
    ms: 1,
    padding: [8, RIGHT, 0, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at), zoneName()),
    legend: { show: false },
    scales: {
      x: { time: true },
      y: { range: (_, least, most) => [Math.min(0, least ?? 0), axisTop(most ?? 0)] },
    },
    axes: [timeAxis(), amountAxis()],
    series: [{}, ...lines.map(seriesOf), ...(band === null ? [] : [HIDDEN, HIDDEN])],
    bands: band === null ? [] : [{ series: [first + 1, first], fill: () => colour('--band') }],
    cursor: {
      y: false,
      sync: { key: 'graphs', setSeries: false },
      drag: { x: latest.current.zoom !== null, y: false, setScale: false, dist: 8 },
      points: { size: 7 },
      bind: { dblclick: () => null },
    },
    hooks: {
      setCursor: [(plot) => point(latest.current, plot)],
      setSelect: [(plot) => select(latest.current, plot)],
      draw: [(plot) => drawMark(latest.current, plot)],
      ready: [(plot) => plot.over.addEventListener('click', () => choose(latest.current, plot))],
    },
  };
}

function timeAxis(): UPlot.Axis {
  return {
    ...axis(),
    size: 42,
    space: 78,
    values: (_plot, splits, _axis, _space, apart) => timeLabels(splits, apart),
  };
}

function amountAxis(): UPlot.Axis {
  return {
    ...axis(),
    size: AXIS_WIDTH,
    space: 34,
    incrs: [...WHOLE_STEPS],
    values: (_plot, splits) => splits.map(amountLabel),
  };
}

function axis(): UPlot.Axis {
  return {
    font: FONT,
    stroke: () => colour('--muted'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
}

/** The edges of the band, of which only what is between them is seen. */
const HIDDEN: UPlot.Series = { width: 0, points: { show: false } };

function seriesOf({ label, colour: name, dash, width, isMarked, read: _ }: Line): UPlot.Series {
  const stroke = (): string => colour(name);
  const marked = (plot: UPlot, line: number): number[] => {
    const values = Array.from(plot.data[line] ?? []) as Value[];
    const lone = lonePlaces(values);
    if (!isMarked) return lone;
    return values.flatMap((value, place) => ((value ?? 0) > 0 || lone.includes(place) ? [place] : []));
  };
  return {
    label,
    stroke,
    width,
    dash: [...dash],
    points: { show: true, size: 6, width: 0, fill: stroke, filter: marked },
  };
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function point({ pointed }: PlotProperties, plot: UPlot): void {
  const { idx, left = -1 } = plot.cursor;
  pointed.value =
    idx == null || left < 0
      ? null
      : { place: idx, left: left + AXIS_WIDTH, width: plot.width, isHere: plot.over.matches(':hover') };
}

function select({ zoom }: PlotProperties, plot: UPlot): void {
  const { left, width } = plot.select;
  if (width <= 0) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom?.({ from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') });
}

function choose({ choose: chosen }: PlotProperties, plot: UPlot): void {
  const { idx } = plot.cursor;
  if (idx != null) chosen(idx);
}

function drawMark({ mark, range }: PlotProperties, { ctx, bbox, valToPos }: UPlot): void {
  if (mark === null || mark < range.from || mark > range.to) return;
  const width = 2 * devicePixelRatio;
  const left = Math.min(valToPos(mark, 'x', true), bbox.left + bbox.width - width / 2);
  ctx.save();
  ctx.fillStyle = colour('--text');
  ctx.fillRect(left - width / 2, bbox.top, width, bbox.height);
  ctx.restore();
}
