import { stringify } from 'csv-stringify/sync';
import { printable } from '../../contract/printable.ts';

/** Where a program that separates columns or lines differently begins another cell: quotes in the middle of a cell do not count there. */
const ANOTHER_CELL = /([;\t\r\n])(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/g;

/**
 * Items as CSV (RFC 4180), the first line naming the columns. A column is a path such as `user.id`; one into a list has
 * the values of all its members, separated by semicolons. A cell that a spreadsheet would take for a formula begins
 * with an apostrophe, and so does what would be a cell of its own where semicolons separate cells. Control characters are written out.
 */
export function csvOf(items: readonly unknown[], columns: readonly string[]): string {
  const paths = columns.map((column) => column.split('.'));
  const records = items.map((item) => paths.map((path) => textOf(valueAt(item, path))));
  return stringify([columns, ...records], { record_delimiter: 'windows', escape_formulas: true });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(value)) return value.map((member: unknown) => valueAt(member, path));
  if (typeof value !== 'object' || value === null) return null;
  return valueAt((value as Readonly<Record<string, unknown>>)[name], rest);
}

/** As text from the beginning: a negative number is left alone otherwise. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = Array.isArray(value) ? value.map(textOf).join(';') : printable(String(value), '\t\r\n');
  return text.replace(ANOTHER_CELL, "$1'");
}
