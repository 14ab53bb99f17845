import { Buffer } from 'node:buffer';
import type { User } from '../../src/contract/event.ts';
import type { SeenSession } from '../../src/contract/snapshot.ts';

/** Why an answer is no list of sessions. */
export type AnswerFault =
  | 'empty'
  | 'html'
  | 'not_json'
  | 'not_a_list'
  | 'cut_off'
  | 'bad_text'
  | 'bad_row'
  | 'too_large'
  | 'too_many';

/** The most that an answer may have. */
export interface AnswerLimits {
  readonly bytes: number;
  readonly sessions: number;
  /** About so much is parsed at a time. */
  readonly batchBytes: number;
}

/** One session with its attributes, which Windows limits to 16 KiB. */
const ROW_BYTES = 256 * 1024;
/** Of an id or a directory. */
const MOST_CHARACTERS = 1024;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LIST, LIST_END, MAP, MAP_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** What other JSON values begin with. */
const OTHER_VALUE = /[{"\dtfn-]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads an answer of QPS, a JSON list of sessions, as it comes in. `JSON.parse` would block for 13 MB at once, so the
 * list is cut at commas between its items, and some items at a time are parsed. What is accepted is exactly what
 * `JSON.parse` would have accepted as a list. A SessionId that comes twice counts once.
 */
export class AnswerReader {
  readonly #limits: AnswerLimits;
  readonly #isHidden: (user: User) => boolean;
  readonly #seen: SeenSession[] = [];
  readonly #hidden: SeenSession[] = [];
  readonly #ids = new Set<string>();
  readonly #users = new Set<string>();
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

  /** `isHidden`: whom the blacklist of the polls names. */
  constructor(limits: AnswerLimits, isHidden: (user: User) => boolean) {
    this.#limits = limits;
    this.#isHidden = isHidden;
  }

  /** Whom no blacklist of the polls names. */
  get sessions(): readonly SeenSession[] {
    return this.#seen;
  }

  get hidden(): readonly SeenSession[] {
    return this.#hidden;
  }

  /** Distinct users of `sessions`. */
  get users(): number {
    return this.#users.size;
  }

  /** Takes the next bytes; says what is wrong with the answer, null while nothing is. */
  push(chunk: Buffer): AnswerFault | null {
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
  end(): AnswerFault | null {
    if (this.#place === 'after') return null;
    return this.#place === 'before' ? 'empty' : 'cut_off';
  }

  #enter(first: number): AnswerFault | null {
    if (first === LIST) {
      this.#place = 'inside';
      this.#depth = 1;
      return null;
    }
    const char = String.fromCharCode(first);
    if (char === '<') return 'html';
    return OTHER_VALUE.test(char) ? 'not_a_list' : 'not_json';
  }

  #readItems(chunk: Buffer, from: number): AnswerFault | null {
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
    if (this.#rowBytes > ROW_BYTES) return 'bad_row';
    this.#pending.push(chunk.subarray(start));
    this.#pendingBytes += chunk.length - start;
    return null;
  }

  /** Parses the items from the last cut to here; only a whole list may have none. */
  #parse(last: Buffer, isLast: boolean): AnswerFault | null {
    const bytes = this.#pending.length === 0 ? last : Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    const isWhole = isLast && this.#isFirst;
    this.#isFirst = false;
    const rows = parseItems(bytes);
    if (typeof rows === 'string') return rows;
    return rows.length === 0 && !isWhole ? 'not_json' : this.#take(rows);
  }

  #take(rows: readonly unknown[]): AnswerFault | null {
    for (const row of rows) {
      const session = readRow(row);
      if (session === null) return 'bad_row';
      if (this.#ids.has(session.id)) continue;
      this.#ids.add(session.id);
      if (this.#ids.size > this.#limits.sessions) return 'too_many';
      if (this.#isHidden(session.user)) this.#hidden.push(session);
      else this.#add(session);
    }
    return null;
  }

  #add(session: SeenSession & { readonly user: User }): void {
    const { directory, id } = session.user;
    this.#seen.push(session);
    this.#users.add(`${directory}\\${id}`.toLowerCase());
  }
}

function parseItems(bytes: Buffer): readonly unknown[] | AnswerFault {
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

function onlyBlanks(chunk: Buffer, from: number): AnswerFault | null {
  for (let at = from; at < chunk.length; at += 1) if (!BLANKS.has(chunk[at] ?? 0)) return 'not_json';
  return null;
}

/** The names of fields are read in any case; `UserName` and `Attributes` are of no use here. */
function readRow(row: unknown): (SeenSession & { readonly user: User }) | null {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
  const fields = row as Readonly<Record<string, unknown>>;
  const id = textOf(fields, 'SessionId');
  const directory = textOf(fields, 'UserDirectory');
  const userId = textOf(fields, 'UserId');
  if (id === null || id === '' || directory === null || userId === null || userId === '') return null;
  return { id, user: { directory: directory === '' ? null : directory, id: userId } };
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : inAnyCase(fields, name.toLowerCase());
  return typeof value === 'string' && value.length <= MOST_CHARACTERS ? value : null;
}

function inAnyCase(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(fields).find((each) => each.length === name.length && each.toLowerCase() === name);
  return key === undefined ? undefined : fields[key];
}
