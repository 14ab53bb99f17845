import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkModules } from './link-modules.ts';

export interface PageFile {
  readonly body: string;
  /** Of the header Content-Type. */
  readonly type: string;
}

export interface PageFiles {
  /** By their path, with slashes. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Which module of a library is which of these files. */
  readonly libraries: readonly (readonly [module: string, path: string])[];
}

const SOURCE = join(import.meta.dirname, '../../page');

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SVG = 'image/svg+xml; charset=utf-8';

/** The libraries of the page, as their packages have them for browsers. */
const LIBRARIES = ['preact', 'preact/hooks', '@preact/signals-core', '@preact/signals', 'eventsource-parser'];

/** Everything the page consists of: its own modules with the types taken out, its styles, and its libraries. */
export function pageFiles(): PageFiles {
  const uplot = new URL('./', import.meta.resolve('uplot'));
  const styles = ownFiles('.css').map((path) => readFileSync(join(SOURCE, path), 'utf8'));
  const modules = new Map(
    ownFiles('.ts').map((path) => [path, withoutTypes(readFileSync(join(SOURCE, path), 'utf8'))]),
  );
  const files = new Map<string, PageFile>([
    ...LIBRARIES.map((module) => [pathOf(module), script(readModule(import.meta.resolve(module)))] as const),
    ['libraries/uplot.js', script(readModule(new URL('uPlot.iife.min.js', uplot).href))],
    // The page may overrule a library's style.
    [
      'page.css',
      { body: [readModule(new URL('uPlot.min.css', uplot).href), ...styles].join('\n'), type: CSS },
    ],
    ['page.js', { body: linkModules(modules, 'main.ts'), type: JAVASCRIPT }],
    ['icon.svg', { body: readFileSync(join(SOURCE, 'icon.svg'), 'utf8'), type: SVG }],
  ]);
  return { files, libraries: LIBRARIES.map((module) => [module, pathOf(module)]) };
}

/** In the order of their names, which is that of the styles. */
function ownFiles(extension: string): string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => relative('.', path).split(sep).join('/'))
    .sort();
}

/** Printed anew, which leaves comments out. */
function withoutTypes(text: string): string {
  return stripTypeScriptTypes(text, { mode: 'transform' });
}

function script(text: string): PageFile {
  return { body: text.replace(/^\/\/# sourceMappingURL=.*$/m, ''), type: JAVASCRIPT };
}

function readModule(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8');
}

function pathOf(module: string): string {
  return `libraries/${module.replaceAll(/[@/]/g, '_')}.js`;
}
