import type { SQLInputValue } from 'node:sqlite';
import { foldName } from '../../contract/fold-name.ts';
import { rangeOfSite } from '../../contract/sites/site-hosts.ts';

/** Filters shared by sessions and events; times in milliseconds, `null` for no filter. */
export interface Filters {
  readonly user: { readonly directory: string | null; readonly id: string } | null;
  /** Or all hosts of a site; see site-hosts.ts. */
  readonly host: string | null;
  readonly virtualProxy: string | null;
  readonly app: string | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
  /** Number of the last item of the page before. */
  readonly cursor: number | null;
  /** Whether a page may go on behind each of its items, as whoever puts several together needs it. */
  readonly withCursors?: boolean;
}

/** The numbers of a name, one in each generation of names. */
export const NUMBERS_OF_NAME = 'SELECT id FROM strings WHERE text = ?';

/** The same of a host or of all hosts of a site, with the values of its parameters. */
export function numbersOfHost(host: string): [string, string[]] {
  const range = rangeOfSite(host);
  if (range === null) return [NUMBERS_OF_NAME, [host]];
  return ['SELECT id FROM strings WHERE text >= ? AND text < ?', [...range]];
}

/** The same of a user, with the values of its parameters. */
export function numbersOfUser({ directory, id }: NonNullable<Filters['user']>): [string, string[]] {
  const byId = 'SELECT number FROM users WHERE folded_id = ?';
  if (directory === null) return [byId, [foldName(id)]];
  return [`${byId} AND folded_directory = ?`, [foldName(id), foldName(directory)]];
}

/** Collects conditions on rows under the alias `s`. */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  /** May begin with the filters that sessions and events have in common. */
  constructor(filters?: Filters) {
    if (filters === undefined) return;
    const { user, host, virtualProxy } = filters;
    if (host !== null) {
      const [numbers, values] = numbersOfHost(host);
      this.add(`s.host IN (${numbers})`, ...values);
    }
    if (virtualProxy !== null) this.add(`s.virtual_proxy IN (${NUMBERS_OF_NAME})`, virtualProxy);
    if (user === null) return;
    const [numbers, values] = numbersOfUser(user);
    this.add(`s.user IN (${numbers})`, ...values);
  }

  add(condition: string, ...values: SQLInputValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}
