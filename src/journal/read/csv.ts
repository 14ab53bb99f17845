import { stringify } from 'csv-stringify/sync';

/**
 * Items as CSV (RFC 4180), the first line naming the columns. A column is a path such as `user.id`; one into a list has
 * the values of all its members, separated by semicolons. A cell that a spreadsheet would take for a formula begins
 * with an apostrophe.
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
  return Array.isArray(value) ? value.map(textOf).join(';') : String(value);
}
