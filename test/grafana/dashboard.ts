import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DashboardJson, PanelJson, PromTarget, SqlTarget } from './dashboard-json.ts';

const FOLDER = resolve(import.meta.dirname, '../../grafana/dashboards');

export const DASHBOARD_FILES = readdirSync(FOLDER).map((name) => join(FOLDER, name));

/** A query of a panel. */
export interface PanelQuery<T> {
  readonly panel: PanelJson;
  readonly target: T;
}

/** One of the dashboards as Grafana reads it, looked up by titles. */
export class Dashboard {
  readonly json: DashboardJson;

  /** `file`: its path, or its name without `.json`. */
  constructor(file: string) {
    const path = file.endsWith('.json') ? file : join(FOLDER, `${file}.json`);
    this.json = JSON.parse(readFileSync(path, 'utf8')) as DashboardJson;
  }

  get panels(): PanelJson[] {
    return this.json.panels.filter((panel): panel is PanelJson => 'targets' in panel);
  }

  /** The one panel of that title. */
  panel(title: string): PanelJson {
    const found = this.panels.filter((panel) => panel.title === title);
    if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} panels "${title}"`);
    return found[0];
  }

  get sqlQueries(): PanelQuery<SqlTarget>[] {
    return this.panels.flatMap((panel) =>
      panel.targets.flatMap((target) => ('rawSql' in target ? [{ panel, target }] : [])),
    );
  }

  get promQueries(): PanelQuery<PromTarget>[] {
    return this.panels.flatMap((panel) =>
      panel.targets.flatMap((target) => ('expr' in target ? [{ panel, target }] : [])),
    );
  }

  /** The SQL of a variable that asks QuestDB. */
  variableQuery(name: string): string {
    const query = this.json.templating.list.find((variable) => variable.name === name)?.query;
    if (typeof query !== 'string') throw new Error(`no query of ${name}`);
    return query;
  }
}
