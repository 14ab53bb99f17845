import { pageFiles } from '../src/api/page/page-files.ts';
import {
  APPENDER_FILES,
  type AppenderTemplate,
  appenderTemplate,
} from '../src/commands/appender-template.ts';

/** Packages that the page consists of, which no module imports. */
export const PAGE_PACKAGES = [
  'preact',
  '@preact/signals',
  '@preact/signals-core',
  'eventsource-parser',
  'uplot',
].map((name) => `node_modules/${name}`);

/** Modules that read files of the repository when they run: in a package, what they have read stands in them. */
export const MADE_MODULES: ReadonlyMap<string, () => string> = new Map([
  ['src/api/page/page-files.ts', pageModule],
  ['src/commands/appender-template.ts', appenderModule],
]);

function pageModule(): string {
  const { files, libraries } = pageFiles();
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
