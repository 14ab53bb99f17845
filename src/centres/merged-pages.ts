import { z } from 'zod';

/** A page of one centre that may go on behind each of its items. */
export interface CentrePage<Item> {
  readonly items: readonly Item[];
  /** Where to go on behind each of them. */
  readonly cursors: readonly string[];
  readonly nextCursor: string | null;
}

/** Where a centre is to go on; null from the beginning. */
export interface CentrePlace {
  readonly centre: string;
  readonly cursor: string | null;
}

export interface Placed<Item> extends CentrePlace {
  /** What it answered there; null where it did not in time. */
  readonly page: CentrePage<Item> | null;
}

export interface MergedPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * Pages of several centres as one, in their common order: each centre's own order stays as it is. Goes no further than a page that has a next one
 * reaches, since nobody knows what comes there. A centre that did not answer is asked for the same again with the next page, while others have one.
 * `carried`: what the cursor is to bring back.
 */
export function mergePages<Item>(
  placed: readonly Placed<Item>[],
  limit: number,
  compare: (a: Item, b: Item) => number,
  carried: unknown = null,
): MergedPage<Item> {
  const used = placed.map(() => 0);
  const items: Item[] = [];
  while (items.length < limit) {
    const place = firstOf(placed, used, compare);
    if (place === null) break;
    items.push(itemAt(placed, used, place) as Item);
    used[place] = (used[place] ?? 0) + 1;
  }
  const places = placed.flatMap((each, place) => placeAfter(each, used[place] ?? 0));
  const hasMore = places.some(({ centre }) =>
    placed.some((each) => each.centre === centre && each.page !== null),
  );
  return { items, nextCursor: hasMore ? encodePlaces(places, carried) : null };
}

/** Whose item is next; null where there is none, or it cannot be known. */
function firstOf<Item>(
  placed: readonly Placed<Item>[],
  used: readonly number[],
  compare: (a: Item, b: Item) => number,
): number | null {
  let first: number | null = null;
  for (const [place, { page }] of placed.entries()) {
    if (page === null) continue;
    const item = itemAt(placed, used, place);
    if (item === undefined && page.nextCursor !== null) return null;
    if (item === undefined) continue;
    const before = first === null ? undefined : itemAt(placed, used, first);
    if (before === undefined || compare(item, before) < 0) first = place;
  }
  return first;
}

function itemAt<Item>(
  placed: readonly Placed<Item>[],
  used: readonly number[],
  place: number,
): Item | undefined {
  return placed[place]?.page?.items[used[place] ?? 0];
}

/** Where it goes on after so many of its items; nothing where it has no more. */
function placeAfter<Item>({ centre, cursor, page }: Placed<Item>, used: number): CentrePlace[] {
  if (page === null || (used === 0 && page.items.length > 0)) return [{ centre, cursor }];
  if (used < page.items.length) return [{ centre, cursor: page.cursors[used - 1] ?? null }];
  return page.nextCursor === null ? [] : [{ centre, cursor: page.nextCursor }];
}

/** What a cursor of several centres begins with. */
const BEGIN = 'c.';
/** As in a query; longer ones would make a URL that no server takes. */
export const MERGED_CURSOR = String.raw`c\.[A-Za-z0-9_-]{1,12000}`;
const cursorSchema = z.tuple([
  z
    .array(z.tuple([z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), z.string().max(4_096).nullable()]))
    .min(1)
    .max(256),
  z.unknown(),
]);

function encodePlaces(found: readonly CentrePlace[], carried: unknown): string {
  const list = found.map(({ centre, cursor }) => [centre, cursor]);
  return BEGIN + Buffer.from(JSON.stringify([list, carried])).toString('base64url');
}

export function isMergedCursor(cursor: string): boolean {
  return cursor.startsWith(BEGIN);
}

/** Where it goes on, and what it carries; null where it is none. */
export function decodePlaces(
  cursor: string,
): { readonly places: CentrePlace[]; readonly carried: unknown } | null {
  const text = Buffer.from(cursor.slice(BEGIN.length), 'base64url').toString();
  const found = isMergedCursor(cursor) ? cursorSchema.safeParse(jsonOf(text)).data : undefined;
  if (found === undefined) return null;
  const [list, carried] = found;
  return { places: list.map(([centre, at]) => ({ centre, cursor: at })), carried };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
