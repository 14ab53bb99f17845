import type { PanelQuery } from './dashboard.ts';
import type { SqlTarget } from './dashboard-json.ts';
import { expandMacros } from './expand-macros.ts';
import { fillInVariables, type View } from './fill-in-variables.ts';
import type { Answer, Cell, PgWire } from './pg-wire.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** A panel on a large screen. */
const MOST_POINTS = 1_000;
/** Steps that Grafana chooses, ms. */
const STEPS = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600,
].map((seconds) => seconds * 1000);

export type Row = Readonly<Record<string, Cell>>;

/** Asks as the panel does; rows by column. Throws where Grafana would not show what came. */
export async function askPanel(
  wire: PgWire,
  { panel, target }: PanelQuery<SqlTarget>,
  view: View,
): Promise<Row[]> {
  const intervalMs = intervalOf(panel.interval, view);
  const sql = expandMacros(fillInVariables(target.rawSql, view, intervalMs), { ...view, intervalMs });
  const answer = await wire.query(sql);
  if (target.format === 0) checkTimeSeries(answer);
  return rowsOf(answer);
}

export function rowsOf({ columns, rows }: Answer): Row[] {
  return rows.map((cells) =>
    Object.fromEntries(columns.map(({ name }, place) => [name, cells[place] ?? null])),
  );
}

/** The step that Grafana asks for: what fits the width, not shorter than the panel says. */
function intervalOf(shortest: string | undefined, { from, to }: View): number {
  const [, count = '1', unit = 's'] = /^(\d+)([smh])$/.exec(shortest ?? '1s') ?? [];
  const least = Math.max(Number(count) * (UNIT_MS[unit] ?? 0), (to - from) / MOST_POINTS);
  return STEPS.find((step) => step >= least) ?? 86_400_000;
}

/**
 * Grafana draws rows of a time, texts that name the series, and numbers: the times in order and never null, each
 * series once at a time. Other rows it refuses or mixes up.
 */
function checkTimeSeries({ columns, rows }: Answer): void {
  const [time, ...others] = columns;
  if (time?.name !== 'time' || time.type !== 'time') throw new Error('the first column is not the time');
  const isText = others.map(({ type }) => type === 'text');
  if (!others.some(({ type }) => type === 'number')) throw new Error('no number');
  let last = Number.NEGATIVE_INFINITY;
  const seen = new Set<string>();
  for (const [at, ...cells] of rows) {
    if (typeof at !== 'number' || at < last) throw new Error(`times are not in order: ${at} after ${last}`);
    last = at;
    const series = JSON.stringify([at, ...cells.filter((_, place) => isText[place])]);
    if (seen.has(series)) throw new Error(`twice at one time: ${series}`);
    seen.add(series);
  }
}
