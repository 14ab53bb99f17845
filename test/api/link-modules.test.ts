import { expect, it } from 'vitest';
import { linkModules } from '../../src/api/page/link-modules.ts';

/** What a linked module evaluates to, where it puts its result into `globalThis.result`. */
async function run(modules: Readonly<Record<string, string>>): Promise<unknown> {
  const text = linkModules(new Map(Object.entries(modules)), 'main.ts');
  await import(`data:text/javascript,${encodeURIComponent(text)}`);
  return (globalThis as { result?: unknown }).result;
}

it('modules see what they import, under the names they choose, and nothing else of each other', async () => {
  const modules = {
    'main.ts': `import { a, b as other } from './one/a.ts';\nimport { sep } from 'node:path';\nconst secret = 1;\nglobalThis.result = [a(), other, sep.length, secret];`,
    'one/a.ts': `import { c } from '../two/c.ts';\nconst secret = 2;\nexport function a() {\n    return c + secret;\n}\nexport const b = 'b';`,
    'two/c.ts': 'export const c = 40;\nexport class Unused {\n}\nexport async function* later() {\n}',
  };
  expect(await run(modules)).toEqual([42, 'b', 1, 1]);
});

it('a module that many import runs once, before them', async () => {
  const modules = {
    'main.ts': `import { x } from './x.ts';\nimport { y } from './y.ts';\nglobalThis.result = [x, y, globalThis.runs];`,
    'x.ts': `import { z } from './z.ts';\nexport const x = z;`,
    'y.ts': `import { z } from './z.ts';\nexport const y = z;`,
    'z.ts': 'globalThis.runs = (globalThis.runs ?? 0) + 1;\nexport const z = globalThis.runs;',
  };
  expect(await run(modules)).toEqual([1, 1, 1]);
});

it.each([
  ['export let a = 1;', 'cannot be linked: export let a = 1;'],
  ['export default 1;', 'cannot be linked: export default 1;'],
  [`export { a } from './b.ts';`, 'cannot be linked'],
  [`import * as a from './b.ts';`, 'cannot be linked'],
  [`import { a } from './nowhere.ts';`, 'main.ts imports nowhere.ts, which is not there'],
  [`import { a } from './main.ts';`, 'a circle of imports: main.ts -> main.ts'],
])('what it does not understand it refuses: %s', (text, message) => {
  expect(() => linkModules(new Map([['main.ts', text]]), 'main.ts')).toThrow(message);
});
