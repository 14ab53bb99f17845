import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARD_FILES, Dashboard } from './dashboard.ts';
import type { DashboardJson } from './dashboard-json.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WIDTH = 24;

/** What the compiler has against a dashboard. JSON is TypeScript, and so its literals are checked one by one. */
function findings(json: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-dashboard-'));
  const types = JSON.stringify(resolve(import.meta.dirname, 'dashboard-json.ts'));
  const code = `import type { DashboardJson } from ${types};\nexport const dashboard: DashboardJson = ${json};\n`;
  writeFileSync(join(folder, 'dashboard.mts'), code);
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { types: [] },
    include: ['*.mts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(DASHBOARD_FILES.map((file) => [file.split('/').at(-1) ?? '', file] as const))(
  '%s',
  (_, file) => {
    const dashboard = new Dashboard(file);
    const { json } = dashboard;

    it("is what Grafana's own types say", () => {
      const text = readFileSync(file, 'utf8');
      expect(findings(text)).toBe('');
      // Misspelt keys and values are found.
      expect(findings(text.replace('"fillOpacity"', '"fillOpactiy"'))).toContain('fillOpactiy');
      expect(findings(text.replace('"displayMode": "list"', '"displayMode": "lsit"'))).toContain('lsit');
    });

    it('has panels with ids of their own that do not overlap', () => {
      const taken = new Map<string, string>();
      for (const { gridPos, title } of json.panels) {
        const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 };
        expect(x + w, title).toBeLessThanOrEqual(WIDTH);
        for (let place = 0; place < w * h; place += 1) {
          const cell = `${x + (place % w)},${y + Math.floor(place / w)}`;
          expect(taken.get(cell), `${title} and another one`).toBeUndefined();
          taken.set(cell, title ?? '');
        }
      }
      expect(new Set(json.panels.map(({ id }) => id)).size).toBe(json.panels.length);
      expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    });

    it('names data sources by variables only, and every variable that it uses', () => {
      const variables = json.templating.list.map(({ name }) => name);
      const panels = JSON.stringify(json.panels);
      const used = [...panels.matchAll(/\$\{?(?!__)(\w+)/g)].map(([, name]) => name);
      expect(variables).toEqual(expect.arrayContaining([...new Set(used)]));
      for (const uid of panels.matchAll(/"uid":"([^"]*)"/g)) expect(uid[1]).toMatch(/^\$\{\w+\}$/);
    });

    it('puts texts into SQL only as literals', () => {
      for (const { panel, target } of dashboard.sqlQueries) {
        // What Grafana itself counts, and the variables that conditions depend on.
        const rest = target.rawSql.replaceAll('$__interval_ms', '').replaceAll(/, \$(host|site)\)/g, ')');
        expect(rest.match(/\$\{(?!\w+:sqlstring\})|\[\[|\$(?!__|\{)/g), panel.title).toBeNull();
      }
    });

    it('leaves out sessions of excluded users', () => {
      for (const { panel, target } of dashboard.sqlQueries) {
        expect(target.rawSql, panel.title).not.toMatch(/\b(FROM|JOIN) sessions\b/i);
      }
    });
  },
);

it('the dashboards link to each other', () => {
  const all = DASHBOARD_FILES.map((file) => new Dashboard(file).json);
  for (const { uid, links } of all as readonly DashboardJson[]) {
    const others = all.filter((other) => other.uid !== uid).map((other) => `/d/${other.uid}`);
    expect((links ?? []).map(({ url }) => url).toSorted(), uid).toEqual(others.toSorted());
  }
});
