import { setImmediate } from 'node:timers/promises';

/** One item of a request: its JSON value, or why it is none. */
export type BodyItem = { readonly value: unknown } | { readonly problem: string };

/** A body that is refused as a whole. */
export class BodyError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Content types with one JSON value a line. */
export const LINE_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

const MIB = 1_048_576;
/** JSON can only be parsed in one go, during which nothing else is received; lines can be parsed in turns. */
export const JSON_LIMIT_BYTES = MIB;
export const LINES_LIMIT_BYTES = 4 * MIB;
const MOST_ITEMS = 10_000;
const TURN_CHARACTERS = 131_072;
/** An item has a depth of two. */
const MOST_DEPTH = 16;

/**
 * The items of a JSON body: those of an array, else the one value.
 * @throws BodyError where the whole body is no JSON, or more than anyone needs
 */
export function jsonItems(text: string): BodyItem[] {
  // Windows PowerShell writes a byte order mark, which JSON does not know.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (isTooDeep(json)) throw new BodyError(400, TOO_DEEP);
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch (error) {
    throw new BodyError(400, `not JSON: ${(error as Error).message}`);
  }
  const values: unknown[] = Array.isArray(body) ? body : [body];
  if (values.length > MOST_ITEMS) throw tooMany();
  return values.map((value) => ({ value }));
}

/**
 * The items of a body of lines; a blank line is none, a broken one is an item of its own.
 * @throws BodyError where there are too many
 */
export async function lineItems(text: string): Promise<BodyItem[]> {
  const items: BodyItem[] = [];
  let turn = 0;
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start += line.length + 1;
    if (line.trim() !== '' && items.push(lineItem(line)) > MOST_ITEMS) throw tooMany();
    if (start < turn + TURN_CHARACTERS) continue;
    turn = start;
    await setImmediate();
  }
  return items;
}

function lineItem(line: string): BodyItem {
  if (line.length > JSON_LIMIT_BYTES) return { problem: 'a line of more than 1 MiB' };
  if (isTooDeep(line)) return { problem: TOO_DEEP };
  try {
    return { value: JSON.parse(line) };
  } catch {
    return { problem: 'not JSON' };
  }
}

const TOO_DEEP = `not JSON: nested more than ${MOST_DEPTH} deep`;

function tooMany(): BodyError {
  return new BodyError(413, `more than ${MOST_ITEMS} items in one request`);
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 91, 93, 123, 125];

/** Found by a look at the characters: the parser would spend a second on a few million brackets. */
export function isTooDeep(json: string, most = MOST_DEPTH): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (inString) {
      if (character === BACKSLASH) at += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_ARRAY || character === OPEN_OBJECT) {
      depth += 1;
      if (depth > most) return true;
    } else if (character === CLOSE_ARRAY || character === CLOSE_OBJECT) depth -= 1;
  }
  return false;
}
