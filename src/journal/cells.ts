import type { SQLInputValue, StatementSync } from 'node:sqlite';

/** So many parameters of a statement. */
export const marks = (n: number): string => new Array(n).fill('?').join(', ');

/** In typed arrays NaN stands for NULL. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Takes one row out of the cells of many. */
export function fill(row: SQLInputValue[], cells: Float64Array, start: number, stride: number): void {
  for (let i = 0; i < stride; i += 1) row[i] = orNull(cells[start + i] as number);
}

/** Runs a statement with each row. */
export function runAll(statement: StatementSync, cells: Float64Array, stride: number): void {
  const row: SQLInputValue[] = new Array(stride).fill(null);
  for (let start = 0; start < cells.length; start += stride) {
    fill(row, cells, start, stride);
    statement.run(...row);
  }
}
