/** How many of its hosts, virtual proxies and apps an answer holds: senders make up the names. */
export const MOST_LISTED = 100;

/** The first `count` in the order of `compare`, which is an order of all. Looks at each once, and sorts few. */
export function firstOf<Item>(
  items: Iterable<Item>,
  count: number,
  compare: (a: Item, b: Item) => number,
): Item[] {
  let kept: Item[] = [];
  // What comes after the last one that is kept cannot be among them.
  let last: Item | undefined;
  for (const item of items) {
    if (last !== undefined && compare(item, last) >= 0) continue;
    kept.push(item);
    if (kept.length < 2 * count) continue;
    kept = kept.sort(compare).slice(0, count);
    last = kept.at(-1);
  }
  return kept.sort(compare).slice(0, count);
}

/** Those with the most sessions, so many at most, in the order of their names. */
export function largest<Item extends { readonly name: string; readonly sessions: number }>(
  items: Iterable<Item>,
  count = MOST_LISTED,
): Item[] {
  const most = firstOf(items, count, (a, b) => b.sessions - a.sessions || byText(a.name, b.name));
  return most.sort((a, b) => byText(a.name, b.name));
}

/** Most connections first. */
export function byConnections<Item extends { readonly name: string; readonly connections: number }>(
  a: Item,
  b: Item,
): number {
  return b.connections - a.connections || byText(a.name, b.name);
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
