import type { z } from 'zod';
import type { CentreReply } from '../contract/centres/centre.ts';
import type { Centres } from './centres.ts';
import type { CentrePlace, Placed } from './merged-pages.ts';

/** What a client asked for cannot be answered, in the words of the centre that said so. */
export class RefusedByCentre extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export interface AllAnswers<Answer> {
  readonly answers: readonly Answer[];
  /** Partitions for which nobody answered in time. */
  readonly missing: readonly number[];
}

/**
 * Asks everybody who answers for partitions now the same path of the API.
 * @throws RefusedByCentre where one says that the question is wrong
 */
export async function askAll<Schema extends z.ZodType>(
  centres: Centres,
  path: string,
  schema: Schema,
): Promise<AllAnswers<z.output<Schema>>> {
  const { owners, missing } = centres.now();
  const asked = await Promise.all(
    owners.map(async ({ centre, partitions }) => ({
      partitions,
      answer: await askOne(centres, centre, path, schema),
    })),
  );
  const silent = asked.flatMap(({ answer, partitions }) => (answer === null ? partitions : []));
  return {
    answers: asked.flatMap(({ answer }) => (answer === null ? [] : [answer])),
    missing: [...new Set([...missing, ...silent])].sort((a, b) => a - b),
  };
}

/** Where each centre begins that has partitions now, and those of which nobody was heard. */
export function firstPlaces(centres: Centres): { places: CentrePlace[]; missing: readonly number[] } {
  const { owners, missing } = centres.now();
  return { places: owners.map(({ centre }) => ({ centre, cursor: null })), missing };
}

/**
 * Asks each of these centres for a page. `pathOf`: its path, of so many items at most. A centre whose page does not fit into a message is
 * asked for a smaller one.
 * @throws RefusedByCentre
 */
export async function askPages<Item, Page extends Placed<Item>['page']>(
  centres: Centres,
  places: readonly CentrePlace[],
  limit: number,
  pathOf: (place: CentrePlace, limit: number) => string,
  schema: z.ZodType<Page>,
): Promise<(CentrePlace & { readonly page: Page | null })[]> {
  const pageAt = async (place: CentrePlace): Promise<Page | null> => {
    if (!centres.isThere(place.centre)) return null;
    for (let most = limit; ; most = Math.ceil(most / 2)) {
      const reply = await centres.ask(place.centre, pathOf(place, most));
      if (reply?.status !== 413 || most === 1) return read(reply, schema);
    }
  };
  return Promise.all(places.map(async (place) => ({ ...place, page: await pageAt(place) })));
}

/** What one centre says to a path; null where it says nothing that can be used. @throws RefusedByCentre */
export async function askOne<Schema extends z.ZodType>(
  centres: Centres,
  centre: string,
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  return read(await centres.ask(centre, path), schema);
}

/** Null where nothing that can be used was answered. */
function read<Schema extends z.ZodType>(reply: CentreReply | null, schema: Schema): z.output<Schema> | null {
  if (reply === null || reply.status >= 500 || reply.status === 413 || reply.status === 429) return null;
  const body = jsonOf(reply.body);
  if (reply.status >= 400) throw new RefusedByCentre(reply.status, wordsOf(body));
  return schema.safeParse(body).data ?? null;
}

function wordsOf(body: unknown): string {
  const message = (body as { readonly message?: unknown } | null)?.message;
  return typeof message === 'string' ? message.slice(0, 500) : 'a centre refused the question';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
