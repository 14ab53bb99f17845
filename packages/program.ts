import { builtinModules, isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { MADE_MODULES, PAGE_PACKAGES } from './made-modules.ts';
import { inWordsOfPackages } from './words.ts';

export const ROOT = resolve(import.meta.dirname, '..');

/** Headcount as plain JavaScript that needs nothing beside it. */
export interface Program {
  /** The text of each module by its name; all lie in one folder, and `headcount.js` is the one to run. */
  readonly modules: ReadonlyMap<string, string>;
  /** The folders of all packages of others that are in it, such as `node_modules/fastify`, sorted. */
  readonly packages: readonly string[];
}

const ENTRIES = { headcount: 'src/headcount.js', 'log-file': 'service/windows/log-file.ts' };
/** Native code that `ws` would use if somebody had installed it. */
const NEVER_THERE = ['bufferutil', 'utf-8-validate'];

const ABSENT = '\0absent';

const withoutFiles: Plugin = {
  name: 'headcount',
  resolveId: (id) => (NEVER_THERE.includes(id) ? ABSENT : null),
  load(id) {
    if (id === ABSENT) return 'throw new Error("not in this package");';
    const made = MADE_MODULES.get(relative(ROOT, id));
    return made === undefined ? null : inWordsOfPackages(made());
  },
  /** A thread, or a module that is loaded by its address, becomes a module beside the others. */
  transform(code, id) {
    if (id.includes('node_modules')) return null;
    return inWordsOfPackages(code).replaceAll(
      /new URL\('([^']+)\.ts', import\.meta\.url\)/g,
      (_address, path: string) => {
        const name = relative(ROOT, resolve(dirname(id), path)).replaceAll('/', '-');
        this.emitFile({ type: 'chunk', id: `${resolve(dirname(id), path)}.ts`, fileName: `${name}.js` });
        return `new URL('./${name}.js', import.meta.url)`;
      },
    );
  },
};

/** @throws where a module would need something that is not in the program */
export async function bundleProgram(): Promise<Program> {
  const bundle = await rolldown({
    cwd: ROOT,
    platform: 'node',
    input: ENTRIES,
    plugins: [withoutFiles, esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] })],
  });
  const { output } = await bundle.generate({ format: 'esm', entryFileNames: '[name].js' });
  await bundle.close();
  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk');
  const modules = new Map(chunks.map(({ fileName, code }) => [fileName, code]));
  const needs = chunks.flatMap(({ code, imports, dynamicImports }) => [
    ...imports,
    ...dynamicImports,
    ...needsOf(code),
  ]);
  const problems = needs.filter((need) => !modules.has(need) && !isBuiltin(need));
  if (output.length > chunks.length || problems.length > 0) {
    throw new Error(`not in the program: ${problems.join(', ')}`);
  }
  const packages = new Set([
    ...chunks.flatMap(({ moduleIds }) => moduleIds.flatMap(packageOf)),
    ...PAGE_PACKAGES,
  ]);
  return { modules, packages: [...packages].toSorted() };
}

/** What the code of a module loads or reads besides what is in Node: names of modules beside it, and whatever would be in no package. */
export function needsOf(code: string): string[] {
  const needs: string[] = [];
  const rest = code
    .replaceAll(/new URL\("\.\/([^"]+)", import\.meta\.url\)/g, (_address, name: string) => {
      needs.push(name);
      return '';
    })
    .replace('(() => createRequire(import.meta.url))()', '');
  const required = [...rest.matchAll(/\b__require\("([^"]+)"\)/g)].map(([, name = '']) => name);
  const read = [...rest.matchAll(/\bimport\.meta\b[^\n]{0,80}/g)].map(([use]) => use);
  return [...needs, ...required, ...read];
}

/** The folder of the package that a module belongs to; none for our own modules. */
function packageOf(id: string): string[] {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
  return folder === undefined ? [] : [relative(ROOT, folder)];
}

/** Of a file in the repository. */
export function inRoot(path: string): string {
  return join(ROOT, path);
}
