import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { integer, type Random } from '../../../src/simulator/random.ts';

/** One small change to one file. */
export interface Mutant {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The name that Stryker gives this kind of change. */
  readonly kind: string;
  readonly before: string;
  readonly after: string;
  /** The whole file with the change. */
  readonly text: string;
}

/**
 * Texts are for people; a statement of SQL that is emptied is noticed by everything. A `?.` stands mostly where the types cannot
 * know that something is there.
 */
const LEFT_OUT = ['StringLiteral', 'Regex', 'OptionalChaining'];

const SILENT = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
};

/** Every change that Stryker knows to a file. */
export async function mutantsOf(directory: string, file: string): Promise<Mutant[]> {
  const content = readFileSync(join(directory, file), 'utf8');
  const instrumenter = new Instrumenter(SILENT);
  const options = { plugins: null, excludedMutations: LEFT_OUT, ignorers: [] };
  const { mutants } = await instrumenter.instrument([{ name: file, content, mutate: true }], options);
  const lineStarts = [0];
  for (const [at, character] of [...content].entries()) if (character === '\n') lineStarts.push(at + 1);
  return mutants
    .filter(({ status }) => status !== 'Ignored')
    .map(({ location: { start, end }, replacement, mutatorName }) => {
      const from = (lineStarts[start.line] ?? 0) + start.column;
      const to = (lineStarts[end.line] ?? 0) + end.column;
      const after = replacement ?? '';
      return {
        file,
        line: start.line + 1,
        kind: mutatorName,
        before: content.slice(from, to),
        after,
        text: content.slice(0, from) + after + content.slice(to),
      };
    });
}

/** `count` of the items, the same ones for the same seed. */
export function sampleOf<T>(items: readonly T[], count: number, random: Random): T[] {
  const left = [...items];
  const taken: T[] = [];
  while (taken.length < count && left.length > 0) {
    taken.push(...left.splice(integer(random, left.length), 1));
  }
  return taken;
}
