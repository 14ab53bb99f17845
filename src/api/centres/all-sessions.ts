import type { z } from 'zod';
import { worst } from '../../centres/added-quality.ts';
import { earliest, sum } from '../../centres/added-values.ts';
import { askOne, RefusedByCentre } from '../../centres/asking.ts';
import type { Centres } from '../../centres/centres.ts';
import {
  type AnswerOf,
  type Json,
  type OneSession,
  oneSession,
  sessionsPage,
} from '../../journal/read/answers.ts';
import { ApiError } from '../errors.ts';
import type { AllPages } from './all-pages.ts';

type Page = z.output<typeof sessionsPage>;

const totals = sessionsPage.pick({ total: true, totalIsAtLeast: true, sortedOf: true });
const UNCOUNTED = { total: null, totalIsAtLeast: false, sortedOf: null };

/** How many there are on all pages, as the first ones said it: of the others a centre that has no more is not asked. */
export function totalsOf(pages: readonly Page[]): z.output<typeof totals> {
  if (pages.length === 0) return UNCOUNTED;
  return {
    total: sum(pages.map((page) => page.total)),
    totalIsAtLeast: pages.some(({ totalIsAtLeast }) => totalIsAtLeast),
    sortedOf: sum(pages.map(({ sortedOf }) => sortedOf)),
  };
}

/** A page of the sessions of all centres, with what there is to know of all of them. `now`: ms since 1970 UTC. */
export function sessionsOfAll(
  { items, nextCursor, pages, carried, partial, missingPartitions }: AllPages<Page>,
  now: number,
): AnswerOf<typeof sessionsPage> {
  // Of no moment nothing is said of the quality.
  const isOfMoment = pages.some(({ quality }) => quality !== null);
  const { total, totalIsAtLeast, sortedOf } = totals.safeParse(carried).data ?? UNCOUNTED;
  return {
    asOf: earliest(pages.map(({ asOf }) => asOf)) ?? new Date(now).toISOString(),
    ...worst(pages, partial && isOfMoment),
    total,
    totalIsAtLeast: totalIsAtLeast || (partial && total !== null),
    sortedOf,
    items,
    nextCursor,
    partial,
    missingPartitions,
  };
}

/**
 * One session of another centre. An id that begins with the name of a store is of that centre; any other may be of everyone who answers for
 * partitions.
 * @throws ApiError 404, 503; RefusedByCentre
 */
export async function sessionOf(centres: Centres, id: string): Promise<Json<OneSession>> {
  const [store = ''] = id.split('-');
  const { owners, missing } = centres.now();
  const others = owners.map(({ centre }) => centre).filter((centre) => centre !== centres.name);
  const asked = centres.isThere(store) ? [store] : others;
  const found = await Promise.all(asked.map((centre) => sessionAt(centres, centre, id)));
  const session = found.find((each) => each !== 'none' && each !== null);
  if (session !== undefined) return JSON.stringify(session) as Json<OneSession>;
  if (found.includes(null)) throw new ApiError(503, 'a centre that may have this session does not answer');
  const isSure = missing.length === 0;
  throw new ApiError(404, isSure ? 'no such session' : 'no such session, or its centre was not heard of');
}

/** Null where it does not answer. */
async function sessionAt(centres: Centres, centre: string, id: string): Promise<OneSession | 'none' | null> {
  const path = `/api/v1/sessions/${encodeURIComponent(id)}`;
  try {
    return await askOne(centres, centre, path, oneSession);
  } catch (error) {
    if (error instanceof RefusedByCentre && error.statusCode === 404) return 'none';
    throw error;
  }
}
