import { pageFiles } from '../src/api/page/page-files.ts';
import {
  APPENDER_FILES,
  type AppenderTemplate,
  appenderTemplate,
} from '../src/commands/appender-template.ts';

const { files, libraries } = pageFiles();

/** The folders of the packages that the page consists of, which no module imports. */
export const PAGE_PACKAGES: readonly string[] = [...libraries.map(([module]) => module), 'uplot'].map(
  (module) => `node_modules/${/^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]}`,
);

/** Modules that need the repository when they run: in a package, what they have read stands in them. */
export const MADE_MODULES: ReadonlyMap<string, () => string> = new Map([
  ['src/api/page/page-files.ts', pageModule],
  ['src/commands/appender-template.ts', appenderModule],
  // It is compiled already.
  ['src/compile-cache.js', () => 'export const keepCompiled = () => {};'],
]);

function pageModule(): string {
  return `
    const files = new Map(${JSON.stringify([...files])});
    export const pageFiles = () => ({ files, libraries: ${JSON.stringify(libraries)} });
  `;
}

function appenderModule(): string {
  const names = Object.keys(APPENDER_FILES) as AppenderTemplate[];
  const texts = Object.fromEntries(names.map((name) => [name, appenderTemplate(name)]));
  return `
    const texts = ${JSON.stringify(texts)};
    export const appenderTemplate = (template) => texts[template];
  `;
}
