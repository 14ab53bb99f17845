import { askPanel, type Row } from './ask-panel.ts';
import type { Dashboard } from './dashboard.ts';
import { expandMacros } from './expand-macros.ts';
import { fillInVariables, type View } from './fill-in-variables.ts';
import type { Cell, PgWire } from './pg-wire.ts';

/** Someone who looks at a dashboard: asks its panels by their titles. */
export class SiteView {
  readonly #wire: PgWire;
  readonly #dashboard: Dashboard;
  readonly #view: View;

  constructor(wire: PgWire, dashboard: Dashboard, view: Pick<View, 'from' | 'to'> & Partial<View>) {
    this.#wire = wire;
    this.#dashboard = dashboard;
    const variables = {
      site: { value: ['$__all'] },
      host: { value: ['$__all'] },
      at: { value: '' },
      user: { value: '' },
      ...view.variables,
    };
    this.#view = { timezone: 'utc', ...view, variables };
  }

  /** The same with other values of variables. */
  with(values: Readonly<Record<string, string | readonly string[]>>): SiteView {
    const changed = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
    const variables = { ...this.#view.variables, ...changed };
    return new SiteView(this.#wire, this.#dashboard, { ...this.#view, variables });
  }

  /** In another time zone. */
  in(timezone: string): SiteView {
    return new SiteView(this.#wire, this.#dashboard, { ...this.#view, timezone });
  }

  async rows(title: string): Promise<Row[]> {
    const queries = this.#dashboard.sqlQueries.filter(({ panel }) => panel.title === title);
    const [query, ...more] = queries;
    if (query === undefined || more.length > 0) throw new Error(`${queries.length} queries of "${title}"`);
    return askPanel(this.#wire, query, this.#view);
  }

  /** What a variable offers. */
  async variable(name: string): Promise<string[]> {
    const filledIn = fillInVariables(this.#dashboard.variableQuery(name), this.#view, 1);
    const sql = expandMacros(filledIn, { ...this.#view, intervalMs: 1 });
    const { rows } = await this.#wire.query(sql);
    return rows.map(([text]) => String(text));
  }

  /** The one cell of a panel that shows one. */
  async number(title: string): Promise<Cell> {
    const rows = await this.rows(title);
    const cells = Object.values(rows[0] ?? {});
    if (rows.length !== 1 || cells.length !== 1) throw new Error(`${title}: ${JSON.stringify(rows)}`);
    return cells[0] ?? null;
  }
}
