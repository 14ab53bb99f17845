import { Buffer } from 'node:buffer';

/** Why an answer is no list. */
export type ListFault =
  | 'empty'
  | 'html'
  | 'not_json'
  | 'not_a_list'
  | 'cut_off'
  | 'bad_text'
  | 'bad_row'
  | 'too_large';

/** The most that an answer may have. */
export interface ListLimits {
  readonly bytes: number;
  readonly rowBytes: number;
  /** About so much is parsed at a time. */
  readonly batchBytes: number;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LIST, LIST_END, MAP, MAP_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** What other JSON values begin with. */
const OTHER_VALUE = /[{"\dtfn-]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON list as it comes in. `JSON.parse` would block for 13 MB at once, so the list is cut at commas between its
 * items, and some items at a time are parsed. What is accepted is exactly what `JSON.parse` would have accepted as a list.
 */
export class JsonList<Fault extends string> {
  readonly #limits: ListLimits;
  readonly #take: (rows: readonly unknown[]) => Fault | null;
  #bytes = 0;
  #place: 'before' | 'inside' | 'after' = 'before';
  /** The bytes since the last cut that earlier chunks brought. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes of the item that is being read. */
  #rowBytes = 0;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #isFirst = true;

  /** `take` is handed the items, some at a time and in order, and says what is wrong with one of them. */
  constructor(limits: ListLimits, take: (rows: readonly unknown[]) => Fault | null) {
    this.#limits = limits;
    this.#take = take;
  }

  /** Takes the next bytes; says what is wrong with the answer, null while nothing is. */
  push(chunk: Buffer): ListFault | Fault | null {
    const isStart = this.#bytes === 0;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.bytes) return 'too_large';
    let at = isStart && chunk.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
    if (this.#place === 'before') {
      while (at < chunk.length && BLANKS.has(chunk[at] ?? 0)) at += 1;
      if (at === chunk.length) return null;
      const fault = this.#enter(chunk[at] ?? 0);
      if (fault !== null) return fault;
      at += 1;
    }
    return this.#place === 'inside' ? this.#readItems(chunk, at) : onlyBlanks(chunk, at);
  }

  /** Nothing more comes. */
  end(): ListFault | null {
    if (this.#place === 'after') return null;
    return this.#place === 'before' ? 'empty' : 'cut_off';
  }

  #enter(first: number): ListFault | null {
    if (first === LIST) {
      this.#place = 'inside';
      this.#depth = 1;
      return null;
    }
    const char = String.fromCharCode(first);
    if (char === '<') return 'html';
    return OTHER_VALUE.test(char) ? 'not_a_list' : 'not_json';
  }

  #readItems(chunk: Buffer, from: number): ListFault | Fault | null {
    let start = from;
    let rowStart = from;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (byte === QUOTE) this.#inText = true;
      else if (byte === LIST || byte === MAP) this.#depth += 1;
      else if (byte === LIST_END || byte === MAP_END) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          // A `}` in its place makes no list.
          if (byte === MAP_END) return 'not_json';
          this.#place = 'after';
          return this.#parse(chunk.subarray(start, at), true) ?? onlyBlanks(chunk, at + 1);
        }
      } else if (byte === COMMA && this.#depth === 1) {
        this.#rowBytes = 0;
        rowStart = at + 1;
        if (this.#pendingBytes + at - start < this.#limits.batchBytes) continue;
        const fault = this.#parse(chunk.subarray(start, at), false);
        if (fault !== null) return fault;
        start = at + 1;
      }
    }
    this.#rowBytes += chunk.length - rowStart;
    if (this.#rowBytes > this.#limits.rowBytes) return 'bad_row';
    this.#pending.push(chunk.subarray(start));
    this.#pendingBytes += chunk.length - start;
    return null;
  }

  /** Parses the items from the last cut to here; only a whole list may have none. */
  #parse(last: Buffer, isLast: boolean): ListFault | Fault | null {
    const bytes = this.#pending.length === 0 ? last : Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    const isWhole = isLast && this.#isFirst;
    this.#isFirst = false;
    const rows = parseItems(bytes);
    if (typeof rows === 'string') return rows;
    return rows.length === 0 && !isWhole ? 'not_json' : this.#take(rows);
  }
}

/** Of an id or a name. */
const MOST_CHARACTERS = 1024;

function parseItems(bytes: Buffer): readonly unknown[] | ListFault {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return 'bad_text';
  }
  try {
    return JSON.parse(`[${text}]`) as unknown[];
  } catch {
    return 'not_json';
  }
}

function onlyBlanks(chunk: Buffer, from: number): ListFault | null {
  for (let at = from; at < chunk.length; at += 1) if (!BLANKS.has(chunk[at] ?? 0)) return 'not_json';
  return null;
}

/** A short text of a row; the names of fields are read in any case. Null where there is none. */
export function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : inAnyCase(fields, name.toLowerCase());
  return typeof value === 'string' && value.length <= MOST_CHARACTERS ? value : null;
}

function inAnyCase(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(fields).find((each) => each.length === name.length && each.toLowerCase() === name);
  return key === undefined ? undefined : fields[key];
}
