import { describe, expect, it } from 'vitest';
import { needsOf } from '../../packages/program.ts';

describe('what a module of a package needs', () => {
  it('is what lies beside it', () => {
    expect(needsOf('new Worker(new URL("./a-thread.js", import.meta.url))')).toEqual(['a-thread.js']);
  });

  it('is whatever would be in no package: files of the repository, and packages that are not in it', () => {
    expect(needsOf('read(new URL("../words.txt", import.meta.url));')).toEqual(['import.meta.url));']);
    expect(needsOf('join(import.meta.dirname, "words")')).toEqual(['import.meta.dirname, "words")']);
    expect(needsOf('const a = __require("bufferutil");')).toEqual(['bufferutil']);
    expect(needsOf('createRequire(import.meta.url)("./a.json");')).toEqual(['import.meta.url)("./a.json");']);
  });

  it('is nothing where it only says how the modules of Node are found', () => {
    expect(needsOf('var __require = (() => createRequire(import.meta.url))();')).toEqual([]);
  });
});
