import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

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
const TYPES: Readonly<Record<string, string>> = {
  ts: JAVASCRIPT,
  css: CSS,
  svg: 'image/svg+xml; charset=utf-8',
};

/** The libraries of the page, as their packages have them for browsers. */
const LIBRARIES = ['preact', 'preact/hooks', '@preact/signals-core', '@preact/signals', 'eventsource-parser'];

/**
 * Everything the page consists of: its own modules with the types taken out, its styles, and its libraries. A browser
 * reads modules as they are, so nothing is bundled.
 */
export function pageFiles(): PageFiles {
  const own = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(SOURCE, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => extensionOf(path) in TYPES)
    .sort();
  const files = new Map<string, PageFile>();
  const uplot = new URL('./', import.meta.resolve('uplot'));
  // Styles come in this order: those of the page may overrule a library's.
  files.set('libraries/uplot.css', { body: readModule(new URL('uPlot.min.css', uplot).href), type: CSS });
  files.set('libraries/uplot.js', script(readModule(new URL('uPlot.iife.min.js', uplot).href)));
  for (const module of LIBRARIES) files.set(pathOf(module), script(readModule(import.meta.resolve(module))));
  for (const path of own) files.set(path, ownFile(path));
  return { files, libraries: LIBRARIES.map((module) => [module, pathOf(module)]) };
}

function ownFile(path: string): PageFile {
  const text = readFileSync(join(SOURCE, path), 'utf8');
  const extension = extensionOf(path);
  return { body: extension === 'ts' ? stripTypeScriptTypes(text) : text, type: TYPES[extension] ?? '' };
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

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
