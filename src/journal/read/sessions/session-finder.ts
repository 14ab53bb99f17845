import type { DatabaseSync } from 'node:sqlite';
import type { ClassOf } from '../../../contract/user-class.ts';
import type { ExcludedUsers } from '../../excluded-users.ts';
import { NameLookup } from '../../name-lookup.ts';
import type { Cells } from '../../schema/selection.ts';
import type { Cell, StoredNames } from '../../schema/table.ts';
import { ConnectionChains } from './connection-chains.ts';
import { findSessionCells, type SessionFilters } from './session-search.ts';
import { SessionStates, stateAt } from './session-state.ts';

/** What class, doubt and state are made of, in the order in which they are taken apart below. */
const SIEVED = ['s.user', 's.host', 's.ended_at', 's.epoch', 's.open_connections', 's.last_connection'];

/** Finds sessions by all of their filters. Runs in the reader's thread. */
export class SessionFinder {
  readonly states: SessionStates;
  readonly chains: ConnectionChains;
  /** By the numbers of records. Looked up once each, as long as there is room for them. */
  readonly names: StoredNames;
  readonly #database: DatabaseSync;
  readonly #excluded: ExcludedUsers;
  readonly #classOf: ClassOf;

  constructor(database: DatabaseSync, excluded: ExcludedUsers, classOf: ClassOf) {
    this.#database = database;
    this.#excluded = excluded;
    this.#classOf = classOf;
    this.states = new SessionStates(database);
    this.chains = new ConnectionChains(database);
    this.names = new NameLookup(database);
  }

  /** The numbers of the sessions that fit, newest first unless asked otherwise, as they are asked for. */
  *find(filters: SessionFilters): Generator<number> {
    for (const [id] of this.cells(filters, [])) yield Number(id);
  }

  /** The same sessions, each as its number and the values of some expressions on rows under the alias `s`. */
  cells(filters: SessionFilters, expressions: readonly string[]): Generator<Cells> {
    const { class: wanted = null, doubtful = null, state = null } = filters;
    const { isShown } = this.#excluded;
    if (wanted === null && doubtful === null && state === null) {
      return findSessionCells(this.#database, filters, isShown, expressions);
    }
    const found = findSessionCells(this.#database, filters, isShown, [...expressions, ...SIEVED]);
    return this.#those(found, filters, 1 + expressions.length);
  }

  *#those(found: Generator<Cells>, filters: SessionFilters, from: number): Generator<Cells> {
    const { class: wanted = null } = filters;
    const isWanted = new Map<unknown, boolean>();
    const isOfClass = (number: unknown): boolean => {
      const known = isWanted.get(number);
      if (known !== undefined) return known;
      const is = this.#classOf(this.names.user(number as Cell)) === wanted;
      isWanted.set(number, is);
      return is;
    };
    for (const cells of found) {
      if (wanted !== null && !isOfClass(cells[from])) continue;
      if (this.#isIn(cells.slice(from), filters)) yield cells;
    }
  }

  /** Whether doubt and state of a session are as asked for. */
  #isIn(sieved: Cells, { doubtful = null, state = null, at }: SessionFilters): boolean {
    if (doubtful === null && state === null) return true;
    const [, host, endedAt, epoch, openConnections, lastConnection] = sieved;
    const cells = { endedAt, openConnections, epoch, host: this.names.string(host as Cell) };
    if (doubtful !== null && (endedAt !== null || this.states.isDoubtful(cells) !== doubtful)) return false;
    if (state === null) return true;
    if (at === null) return this.states.now(cells) === state;
    return stateAt(at, this.chains.endingWith(lastConnection)) === state;
  }
}
