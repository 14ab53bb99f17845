/*
 * Puts the page's modules into one, as browsers want it: a hundred small files take a hundred requests, and are a third larger
 * when each is compressed by itself. It understands what the house's style allows and no more: named imports, and
 * functions, classes and constants that are exported where they are declared.
 */

const IMPORT = /^import \{([^}]*)\} from ['"]([^'"]+)['"];?$/gm;
const EXPORT = /^export (?=(?:async )?function\*? ?([\w$]+)|class ([\w$]+)|const ([\w$]+))/gm;

/**
 * One module that does what `entry` does. `modules`: JavaScript by path, such as `now/cards.ts`, as it is left when the types
 * are taken out. What is imported without a leading dot stays imported.
 * @throws Error where a module says something else, or modules import each other in a circle
 */
export function linkModules(modules: ReadonlyMap<string, string>, entry: string): string {
  const linked = new Map<string, string>();
  const libraries = new Map<string, string>();
  const parts: string[] = [];

  function link(path: string, above: readonly string[]): string {
    const known = linked.get(path);
    if (known !== undefined) return known;
    if (above.includes(path)) throw new Error(`a circle of imports: ${[...above, path].join(' -> ')}`);
    const text = modules.get(path);
    if (text === undefined) throw new Error(`${above.at(-1)} imports ${path}, which is not there`);
    const imports: string[] = [];
    const withoutImports = text.replaceAll(IMPORT, (_, names: string, from: string) => {
      const name = from.startsWith('.') ? link(resolved(path, from), [...above, path]) : library(from);
      imports.push(`const {${names.replaceAll(/ as /g, ': ')}} = ${name};`);
      return '';
    });
    const exported: string[] = [];
    const body = withoutImports.replaceAll(EXPORT, (_, ...names: (string | undefined)[]) => {
      exported.push(names.slice(0, 3).find((each) => each !== undefined) ?? '');
      return '';
    });
    const strange = /^(?:import|export)\b.*$/m.exec(body)?.[0];
    if (strange !== undefined) throw new Error(`${path}: cannot be linked: ${strange}`);
    const name = `$${linked.size}`;
    linked.set(path, name);
    parts.push(
      `const ${name} = (() => {\n${imports.join('\n')}${body}\nreturn { ${exported.join(', ')} };\n})();`,
    );
    return name;
  }

  function library(specifier: string): string {
    const known = libraries.get(specifier);
    if (known !== undefined) return known;
    const name = `$library${libraries.size}`;
    libraries.set(specifier, name);
    return name;
  }

  link(entry, []);
  const imports = [...libraries].map(([specifier, name]) => `import * as ${name} from '${specifier}';`);
  return `${[...imports, ...parts].join('\n')}\n`;
}

function resolved(path: string, relative: string): string {
  return new URL(relative, `file:///${path}`).pathname.slice(1);
}
