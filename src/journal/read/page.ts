/**
 * Characters of the texts in a page, and no more than one item above: a message may have 4,096, and a session a thousand apps, so that a
 * page of a thousand items had 42 MB. It held up the reader, and stood in the memory of the program until its client had taken it.
 */
const MOST_TEXT = 2 * 1_024 * 1_024;

/**
 * What fits into a page: at most `limit` items, fewer where they are long, and one at least. `rows` are read as they are needed, and
 * have one more than the page where another one follows; `cursorOf` a row is where that goes on. `withCursors`: so that it may go on behind
 * each of its items.
 */
export function page<Row, Item>(
  rows: Iterable<Row>,
  limit: number,
  itemOf: (row: Row) => Item,
  cursorOf: (row: Row) => string,
  withCursors = false,
): { readonly items: Item[]; readonly nextCursor: string | null; readonly cursors?: string[] } {
  const items: Item[] = [];
  const cursors: string[] = [];
  const more = withCursors ? { cursors } : {};
  let text = 0;
  let last: Row | null = null;
  for (const row of rows) {
    if (last !== null && (items.length >= limit || text >= MOST_TEXT)) {
      return { items, nextCursor: cursorOf(last), ...more };
    }
    const item = itemOf(row);
    items.push(item);
    if (withCursors) cursors.push(cursorOf(row));
    text += textIn(item);
    last = row;
  }
  return { items, nextCursor: null, ...more };
}

/** Characters of all texts in it. */
function textIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let length = 0;
  for (const each of Object.values(value)) length += textIn(each);
  return length;
}
