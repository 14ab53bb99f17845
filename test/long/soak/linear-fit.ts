export interface Fit {
  /** Change of y for each x. */
  readonly slope: number;
  /** Standard error of the slope: how far noise alone may move it. */
  readonly error: number;
}

/** Least squares. `NaN` of fewer than three points. */
export function linearFit(points: readonly (readonly [x: number, y: number])[]): Fit {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([each]) => each)), mean(points.map(([, each]) => each))];
  const sum = (of: (dx: number, dy: number) => number) =>
    points.reduce((total, [px, py]) => total + of(px - x, py - y), 0);
  const spread = sum((dx) => dx * dx);
  const slope = sum((dx, dy) => dx * dy) / spread;
  const rest = sum((dx, dy) => (dy - slope * dx) ** 2);
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) };
}
