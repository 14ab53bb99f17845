import { z } from 'zod';
import { askPages, firstPlaces } from '../../centres/asking.ts';
import type { Centres } from '../../centres/centres.ts';
import { type CentrePlace, decodePlaces, isMergedCursor, mergePages } from '../../centres/merged-pages.ts';
import { isOfCentre } from '../access/centre-questions.ts';
import { ApiError } from '../errors.ts';

/** As a query has it, where central Headcounts share a stream. */
export const own = z
  .boolean()
  .default(false)
  .describe('of the partitions of this central Headcount alone, where several share a stream');

interface AskedPage {
  readonly url: string;
  readonly query: { readonly own: boolean; readonly limit: number; readonly cursor?: string | undefined };
}

/** The centres that a request is about: null where it is about this one alone. */
export function centresOf(
  centres: Centres | null,
  { query }: { readonly query: { readonly own: boolean } },
): Centres | null {
  return query.own || isOfCentre() ? null : centres;
}

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

interface Begun {
  readonly places: readonly CentrePlace[];
  readonly missing: readonly number[];
  readonly carried: unknown;
}

/** What a page of all of them is made of. */
export interface AllPages<Of extends Page> {
  readonly items: Of['items'];
  readonly nextCursor: string | null;
  /** Of those that answered. */
  readonly pages: readonly Of[];
  /** What was made of the first pages. */
  readonly carried: unknown;
  readonly partial: boolean;
  readonly missingPartitions: readonly number[];
}

/**
 * A page of the items of all centres. `page`: what each answers; the items stay in its order, and `compare` says whose comes first. `carry`: what is made
 * of the first pages and is known on all others too.
 * @throws ApiError 400, and what a centre says is wrong with the question
 */
export async function allPages<Of extends Page>(
  centres: Centres,
  { url, query }: AskedPage,
  page: z.ZodType<Of>,
  compare: (a: Of['items'][number], b: Of['items'][number]) => number,
  carry: (pages: readonly Of[]) => unknown = () => null,
): Promise<AllPages<Of>> {
  const {
    places,
    missing,
    carried: before,
  } = query.cursor === undefined
    ? { ...firstPlaces(centres), carried: null }
    : goingOn(centres, query.cursor);
  const answered = page
    .and(z.object({ cursors: z.array(z.string()) }))
    .refine(({ items, cursors }) => items.length === cursors.length);
  const asked = await askPages(centres, places, query.limit, pathTo(url), answered);
  const pages = asked.flatMap((each) => (each.page === null ? [] : [each.page]));
  const carried = before ?? carry(pages);
  return {
    ...mergePages<Of['items'][number]>(asked, query.limit, compare, carried),
    pages,
    carried,
    partial: missing.length > 0 || pages.length < asked.length,
    missingPartitions: missing,
  };
}

/** @throws ApiError 400 */
function goingOn(centres: Centres, cursor: string): Begun {
  const found = decodePlaces(cursor);
  if (found === null) {
    throw new ApiError(400, 'cursor: it is that of one central Headcount, which goes on with own=true');
  }
  return { ...found, missing: centres.now().missing };
}

/** What a centre is asked besides pages: the same. */
export function pathFor(url: string): string {
  const path = plain(url);
  return path.pathname + path.search;
}

/** What a centre is asked: the same, from its own place on. */
function pathTo(url: string): (place: CentrePlace, limit: number) => string {
  const asked = plain(url);
  return ({ cursor }, limit) => {
    const path = new URL(asked);
    path.searchParams.set('limit', String(limit));
    if (cursor !== null) path.searchParams.set('cursor', cursor);
    return path.pathname + path.search;
  };
}

function plain(url: string): URL {
  const asked = new URL(url, 'http://localhost');
  for (const name of ['own', 'format', 'cursor', 'limit']) asked.searchParams.delete(name);
  return asked;
}

/** A cursor of several centres where this one alone is asked. */
export function refuseMerged(cursor: string | undefined): void {
  if (cursor !== undefined && isMergedCursor(cursor)) {
    throw new ApiError(400, 'cursor: it is that of several central Headcounts');
  }
}
