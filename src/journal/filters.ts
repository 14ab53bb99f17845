import type { SQLInputValue } from 'node:sqlite';

/** Filters shared by sessions and events; times in milliseconds, `null` for no filter. */
export interface Filters {
  readonly user: { readonly directory: string | null; readonly id: string } | null;
  readonly host: string | null;
  readonly virtualProxy: string | null;
  readonly app: string | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
  /** Number of the last item of the page before. */
  readonly cursor: number | null;
}

/** Collects conditions on rows under the alias `s`. */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  /** Begins with the filters that sessions and events have in common. */
  constructor(filters: Filters) {
    const { user, host, virtualProxy } = filters;
    const named = 'IN (SELECT id FROM strings WHERE text = ?)';
    if (host !== null) this.add(`s.host ${named}`, host);
    if (virtualProxy !== null) this.add(`s.virtual_proxy ${named}`, virtualProxy);
    if (user === null) return;
    const numbers = 'SELECT number FROM users WHERE folded_id = ?';
    const id = user.id.toLowerCase();
    if (user.directory === null) this.add(`s.user IN (${numbers})`, id);
    else this.add(`s.user IN (${numbers} AND folded_directory = ?)`, id, user.directory.toLowerCase());
  }

  add(condition: string, ...values: SQLInputValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}
