import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Which folders the files of a folder may import, and nothing else of ours. */
const ALLOWED: readonly [folder: string, mayImport: readonly string[]][] = [
  ['src/core', ['src/core']],
  ['src/journal', ['src/journal', 'src/core']],
  ['src/delivery', ['src/delivery/', 'src/core', 'src/journal']],
  ['src/api', ['src/api', 'src/core', 'src/journal', 'receivers/http']],
  ['src/simulator', ['src/simulator', 'src/core']],
  ['receivers', ['receivers', 'src/core']],
  ['sinks', ['sinks', 'src/core']],
];

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import\(|new URL\()\s*'(\.[^']+)'/g)].map((match) =>
    relative(ROOT, resolve(ROOT, file, '..', match[1] ?? '')),
  );
}

test.each(ALLOWED)('%s imports only what it may', (folder, mayImport) => {
  const strangers = filesOf(folder).flatMap((file) =>
    importsOf(file)
      .filter((imported) => !mayImport.some((allowed) => imported.startsWith(allowed)))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(strangers).toEqual([]);
});

test('only main.ts touches process', () => {
  const strangers = ['src', 'receivers', 'sinks'].flatMap(filesOf).filter((file) => {
    return file !== join('src', 'main.ts') && /\bprocess\.[a-z]/.test(readFileSync(join(ROOT, file), 'utf8'));
  });
  expect(strangers).toEqual([]);
});

test('core touches no clock, file, socket or timer of its own', () => {
  const own =
    /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(|\bperformance\.|Math\.random\(|from 'node:(?!buffer)/;
  const strangers = filesOf('src/core').filter((file) => own.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(strangers).toEqual([]);
});
