import type { Cell } from '../../schema/table.ts';
import type { UserAgents } from '../user-agents.ts';
import { cursorOf, type PageEnd, type Place } from './session-cursor.ts';
import type { SessionFinder } from './session-finder.ts';
import type { SessionFilters } from './session-search.ts';
import type { SessionSort, SortDirection } from './session-sorts.ts';
import { SESSION_STATES, type SessionState, stateAt } from './session-state.ts';

/** An order that is not the one in which sessions are stored: that of `started` needs none of this. */
export interface SessionOrder {
  readonly sort: Exclude<SessionSort, 'started'>;
  readonly direction: SortDirection;
  /** Where the page before ended; null for the first one. */
  readonly after: PageEnd | null;
}

/** The latest sessions that fit; others are not looked at. */
export const MOST_SORTED = 100_000;
/** Of a text, so much is compared: the rest would make a cursor too long for a URL. */
const MOST_COMPARED = 200;

/** A page of sorted sessions by their numbers. */
export interface SortedPage {
  /** One more than fits where another page follows. */
  readonly places: readonly Place[];
  cursorOf(place: Place): string;
  /** How many were sorted, and whether more fit. */
  readonly sorted: number;
  readonly isAll: boolean;
}

interface Criterion {
  /** What is read of a session; `now` is up to when open ones have lasted, and `at` the moment whose state it has. */
  readonly sql: (now: number, at: number | null) => string;
  /** Of a cell that is no time or number: what it stands for. */
  readonly text?: (cell: Cell, known: Known) => string | null;
}

/** What tells what a cell stands for. */
interface Known extends Pick<SessionFinder, 'names' | 'states' | 'chains'> {
  readonly userAgents: UserAgents;
  readonly at: number | null;
}

const column = (name: string) => () => `s.${name}`;

const CRITERIA: Readonly<Record<SessionOrder['sort'], Criterion>> = {
  ended: { sql: column('ended_at') },
  lastActivity: { sql: column('last_activity_at') },
  // One of whose end we hear while somebody turns pages keeps its place.
  duration: {
    sql: (now) => `max(0, iif(s.ended_seen_at <= ${now}, s.ended_at, ${now}) - s.started_at)`,
  },
  connections: { sql: column('connections') },
  openConnections: { sql: column('open_connections') },
  host: { sql: column('host'), text: (cell, { names }) => names.string(cell) },
  virtualProxy: { sql: column('virtual_proxy'), text: (cell, { names }) => names.string(cell) },
  user: {
    sql: column('user'),
    text: (cell, { names }) => {
      const user = names.user(cell);
      return user === null ? null : `${user.directory ?? ''}\0${user.id}`;
    },
  },
  browser: {
    sql: column('user_agent'),
    text: (cell, { names, userAgents }) => userAgents.describe(names.string(cell)).browser,
  },
  os: {
    sql: column('user_agent'),
    text: (cell, { names, userAgents }) => userAgents.describe(names.string(cell)).os,
  },
  // In the order of the list: from connected to ended.
  state: {
    sql: (_now, at) =>
      at === null
        ? "iif(s.ended_at IS NULL, json_array(s.host, s.epoch, s.open_connections > 0), 'ended')"
        : 's.last_connection',
    text: (cell, known) => String(SESSION_STATES.indexOf(stateOf(cell, known))),
  },
};

function stateOf(cell: Cell, { names, states, chains, at }: Known): SessionState {
  if (at !== null) return stateAt(at, chains.endingWith(cell));
  if (cell === 'ended') return 'ended';
  const [host, epoch, openConnections] = JSON.parse(String(cell)) as [Cell, Cell, Cell];
  return states.now({ endedAt: null, openConnections, epoch, host: names.string(host) });
}

/**
 * A page of the sessions that fit, in an order, which those without a value close; of equals the newest comes first. Keeps no more of them
 * than the page has. `now`: ms since 1970 UTC, for the first page.
 */
export function sortedSessions(
  finder: SessionFinder,
  userAgents: UserAgents,
  filters: SessionFilters,
  order: SessionOrder,
  now: number,
): SortedPage {
  const { sort, direction, after } = order;
  const { sql, text } = CRITERIA[sort];
  const asOf = after?.now ?? now;
  const { names, states, chains } = finder;
  const { at } = filters;
  const known = { names, states, chains, userAgents, at };
  const sortedBy = text === undefined ? asIs : remembering((cell) => text(cell, known));
  const compare = comparing(direction);
  const first = new First(filters.limit + 1, compare);
  let sorted = 0;
  let isAll = true;
  for (const [id, cell] of finder.cells({ ...filters, cursor: null }, [sql(asOf, at)])) {
    if (sorted === MOST_SORTED) {
      isAll = false;
      break;
    }
    sorted += 1;
    const place = { value: sortedBy(cell as Cell), id: Number(id) };
    if (after === null || compare(place, after) > 0) first.add(place);
  }
  const places = first.inOrder();
  return {
    places,
    cursorOf: (place) => cursorOf({ ...place, now: asOf }, sort, direction),
    sorted,
    isAll,
  };
}

const asIs = (cell: Cell): Place['value'] => cell;

/** Names are few, and sessions are many. */
function remembering(textOf: (cell: Cell) => string | null): (cell: Cell) => string | null {
  const known = new Map<Cell, string | null>();
  return (cell) => {
    const there = known.get(cell);
    if (there !== undefined) return there;
    const text = textOf(cell);
    const made = text === null ? null : sortableText(text);
    known.set(cell, made);
    return made;
  };
}

/** What puts texts in the order that people expect: without case and accents, and `node2` before `node10`. */
export function sortableText(text: string): string {
  const plain = text.slice(0, MOST_COMPARED).normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  return plain.replace(/\d+/g, (digits) => digits.padStart(8, '0')).slice(0, MOST_COMPARED);
}

function comparing(direction: SortDirection): (a: Place, b: Place) => number {
  const sign = direction === 'asc' ? 1 : -1;
  return (a, b) => {
    if (a.value === b.value) return b.id - a.id;
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -sign : sign;
  };
}

/** Keeps the first so many places of an order, of any number that are added. */
class First {
  readonly #most: number;
  readonly #compare: (a: Place, b: Place) => number;
  #kept: Place[] = [];
  /** Nothing behind it can be among the first. */
  #last: Place | null = null;

  constructor(most: number, compare: (a: Place, b: Place) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(place: Place): void {
    if (this.#last !== null && this.#compare(place, this.#last) > 0) return;
    this.#kept.push(place);
    // Sorting seldom and much is cheaper than a heap.
    if (this.#kept.length < 2 * this.#most + 64) return;
    this.#kept = this.inOrder();
    this.#last = this.#kept.at(-1) ?? null;
  }

  inOrder(): Place[] {
    return this.#kept.sort(this.#compare).slice(0, this.#most);
  }
}
