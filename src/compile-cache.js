// As plain as node-version.js: a Node too old for the rest has to read this, too.

import { existsSync } from 'node:fs';
import module from 'node:module';
import { resolve } from 'node:path';

/**
 * From here on what is compiled is kept, for threads and for the next start. Else each thread compiles TypeScript again, with a compiler
 * of its own: that takes 10 MB in each, and a third of the start. Where nothing can be written, nothing is kept.
 */
export function keepCompiled() {
  const modules = resolve(import.meta.dirname, '../node_modules');
  if (!existsSync(modules)) return;
  const folder = resolve(modules, '.cache/headcount/compiled');
  if (process.env['NODE_COMPILE_CACHE'] === undefined) process.env['NODE_COMPILE_CACHE'] = folder;
  module.enableCompileCache(folder);
}
