import { Buffer } from 'node:buffer';
import type { User } from '../../src/contract/event.ts';
import { foldName } from '../../src/contract/fold-name.ts';
import type { SeenSession } from '../../src/contract/snapshot.ts';
import { JsonList, type ListFault, textOf } from '../json-list.ts';

/** Why an answer is no list of sessions. */
export type AnswerFault = ListFault | 'too_many';

/** The most that an answer may have. */
export interface AnswerLimits {
  readonly bytes: number;
  readonly sessions: number;
  /** About so much is parsed at a time. */
  readonly batchBytes: number;
}

/** One session with its attributes, which Windows limits to 16 KiB. */
const ROW_BYTES = 256 * 1024;

/** Reads an answer of QPS, a JSON list of sessions, as it comes in. A SessionId that comes twice counts once. */
export class AnswerReader {
  readonly #limits: AnswerLimits;
  readonly #isHidden: (user: User) => boolean;
  readonly #list: JsonList<AnswerFault>;
  readonly #seen: SeenSession[] = [];
  readonly #hidden: SeenSession[] = [];
  readonly #ids = new Set<string>();
  readonly #users = new Set<string>();
  readonly #chunks: Buffer[] = [];

  /** `isHidden`: whom the blacklist of the polls names. */
  constructor(limits: AnswerLimits, isHidden: (user: User) => boolean) {
    this.#limits = limits;
    this.#isHidden = isHidden;
    this.#list = new JsonList({ ...limits, rowBytes: ROW_BYTES }, (rows) => this.#take(rows));
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
    this.#chunks.push(chunk);
    return this.#list.push(chunk);
  }

  /** The answer so far as it came, without a byte order mark. */
  get text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }

  /** Nothing more comes. */
  end(): AnswerFault | null {
    return this.#list.end();
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
    this.#users.add(foldName(`${directory}\\${id}`));
  }
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
