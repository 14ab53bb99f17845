import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Which rooms a room may import from; docs/architecture.md draws them. Nothing of ours besides. */
const ALLOWED: readonly [room: string, mayImport: readonly string[]][] = [
  ['src/contract', []],
  ['src/threads', []],
  ['src/nats', ['src/contract']],
  ['src/formats', ['src/contract']],
  ['src/sessions', ['src/contract']],
  ['src/intake', ['src/contract', 'src/formats', 'src/sessions']],
  ['src/journal', ['src/contract', 'src/threads', 'src/sessions']],
  ['src/delivery', ['src/contract', 'src/threads', 'src/journal']],
  ['src/centres', ['src/contract', 'src/sessions', 'src/journal', 'src/api/counts/counts-answer.ts']],
  [
    'src/api',
    [
      'src/contract',
      'src/formats',
      'src/sessions',
      'src/intake',
      'src/journal',
      'src/centres',
      'receivers/listen.ts',
    ],
  ],
  ['src/simulator', ['src/contract']],
  [
    'src/app-names',
    [
      'src/contract',
      'receivers/json-list.ts',
      'receivers/tls-files.ts',
      'receivers/qps/certificates.ts',
      'receivers/qps/failure.ts',
      'receivers/qps/qps.schema.ts',
    ],
  ],
  [
    'src/config',
    ['src/app-names', 'src/contract', 'receivers/index.ts', 'sinks/index.ts', 'src/api/access/api.schema.ts'],
  ],
  [
    'src/doctor',
    [
      'src/contract',
      'src/formats/index.ts',
      'src/config',
      'src/app-names',
      'src/simulator/clock.ts',
      'src/simulator/http-request.ts',
      'src/simulator/senders.ts',
      'receivers/listen.ts',
    ],
  ],
  ['src/butler-sos', ['src/contract', 'src/formats/index.ts', 'src/simulator/http-request.ts']],
  ['receivers', ['src/contract', 'src/threads', 'src/formats', 'src/nats']],
  ['sinks', ['src/contract', 'src/nats']],
];

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const PRODUCTION = ['src', 'receivers', 'sinks'].flatMap(filesOf);

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import\(|new URL\()\s*'(\.[^']+)'/g)].map((match) =>
    relative(ROOT, resolve(ROOT, file, '..', match[1] ?? '')),
  );
}

/** Files from which a way of imports leads back to themselves. */
function circles(): string[] {
  const imports = new Map(PRODUCTION.map((file) => [file, importsOf(file)]));
  const reaches = (from: string): Set<string> => {
    const seen = new Set<string>();
    const waiting = [...(imports.get(from) ?? [])];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(...(imports.get(next) ?? []));
    }
    return seen;
  };
  return PRODUCTION.filter((file) => reaches(file).has(file));
}

describe('the house', () => {
  it.each(ALLOWED)('lets %s import only what it may', (room, mayImport) => {
    const strangers = filesOf(room).flatMap((file) =>
      importsOf(file)
        .filter((imported) => ![`${room}/`, ...mayImport].some((allowed) => imported.startsWith(allowed)))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(strangers).toEqual([]);
  });

  it('lets only assembly.ts and config know which receivers and sinks there are', () => {
    // What app names take from polls stands in the table above.
    const others = PRODUCTION.filter(
      (file) => !/^(receivers|sinks|src\/config|src\/app-names)\/|^src\/assembly\.ts$/.test(file),
    );
    const strangers = others.flatMap((file) =>
      importsOf(file)
        .filter((imported) => /^(receivers|sinks)\//.test(imported) && imported !== 'receivers/listen.ts')
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(strangers).toEqual([]);
  });

  it('lets the page take nothing but types from the rest', () => {
    const strangers = filesOf('src/page').flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.\.[^']+)'/gm)]
        .map((match) => relative(ROOT, resolve(ROOT, file, '..', match[1] ?? '')))
        .filter((imported) => !imported.startsWith('src/page/'))
        .map((imported) => `${file} imports ${imported}`);
    });
    expect(strangers).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(circles()).toEqual([]);
  });

  it('has no file of more than 300 lines, no folder of more than 20 files, and at most 6 files loose in src', () => {
    const lines = (file: string) => readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length;
    expect(PRODUCTION.filter((file) => lines(file) > 300)).toEqual([]);
    const folders = Map.groupBy(PRODUCTION, (file) => file.slice(0, file.lastIndexOf('/')));
    expect([...folders].filter(([, files]) => files.length > 20).map(([folder]) => folder)).toEqual([]);
    expect(folders.get('src')?.length).toBeLessThanOrEqual(6);
  });

  it('lets only main.ts touch process', () => {
    const strangers = PRODUCTION.filter((file) => {
      return (
        file !== join('src', 'main.ts') && /\bprocess\.[a-z]/.test(readFileSync(join(ROOT, file), 'utf8'))
      );
    });
    expect(strangers).toEqual([]);
  });

  it.each(['src/contract', 'src/formats', 'src/intake', 'src/sessions'])(
    'keeps %s without a clock, file, socket or timer of its own',
    (room) => {
      const own =
        /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(|\bperformance\.|Math\.random\(|from 'node:(?!buffer)/;
      expect(filesOf(room).filter((file) => own.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
    },
  );
});
