import type { IncomingHttpHeaders } from 'node:http';
import { BodyError, isTooDeep } from '../http/body.ts';
import { bodyText } from '../http/body-text.ts';

/** Of a post, as it comes and unpacked: ten logs of 400 kB were seen in one. */
export const MOST_BYTES = 4 * 1_048_576;
/** Clients send 50 at a time. */
const MOST_ITEMS = 10_000;
/** The deepest that was seen of a real client is 15. */
const MOST_DEPTH = 64;

export interface Posted {
  readonly values: readonly unknown[];
  /** Why there are none, or not all; null where nothing is wrong. */
  readonly problem: string | null;
}

/**
 * The items of a post: those of an array, else the one value. A client whose post is refused drops it and falls silent, or
 * sends it again for ever, so what is no JSON is a post without items.
 * @throws BodyError 413, upon which a client sends fewer at a time
 */
export async function postedItems(body: unknown, headers: IncomingHttpHeaders): Promise<Posted> {
  if (!Buffer.isBuffer(body) || body.length === 0) return { values: [], problem: 'no body' };
  let value: unknown;
  try {
    const text = (await bodyText(body, headers, MOST_BYTES)).replace(/^\ufeff/, '');
    if (isTooDeep(text, MOST_DEPTH)) return { values: [], problem: 'nested too deep' };
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof BodyError && error.statusCode === 413) throw error;
    return { values: [], problem: error instanceof BodyError ? error.message : 'not JSON' };
  }
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length <= MOST_ITEMS) return { values, problem: null };
  return { values: values.slice(0, MOST_ITEMS), problem: `more than ${MOST_ITEMS} events` };
}
