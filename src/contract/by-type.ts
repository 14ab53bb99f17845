import { distance } from 'fastest-levenshtein';
import { z } from 'zod';

/**
 * One entry of a list of plugins: a map whose `type` picks the schema from the table.
 * `noun` (`receiver`, `sink`) names the entry in messages. An empty table refuses every entry.
 */
export function byType<T extends Readonly<Record<string, z.ZodObject>>>(
  noun: string,
  table: T,
): z.ZodType<z.output<T[keyof T]>> {
  const types = Object.keys(table);
  const [first, ...rest] = Object.values(table);
  if (first !== undefined) {
    const error = (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
      issue.code === 'invalid_union' ? unknownType(noun, types, typeOf(issue.input)) : undefined;
    return z.discriminatedUnion('type', [first, ...rest], { error }) as unknown as z.ZodType<
      z.output<T[keyof T]>
    >;
  }
  return z.unknown().transform((entry, context) => {
    context.addIssue({
      code: 'custom',
      path: ['type'],
      message: unknownType(noun, [], typeOf(entry)),
      input: entry,
    });
    return z.NEVER;
  });
}

function typeOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'type' in entry ? entry.type : undefined;
}

function unknownType(noun: string, types: readonly string[], type: unknown): string {
  const known = types.length === 0 ? 'none' : types.join(', ');
  if (typeof type !== 'string') return `expected a kind of ${noun} (this version has ${known})`;
  const near = nearest(type, types);
  const advice = near === null ? `this version has ${known}` : `did you mean "${near}"?`;
  return `unknown ${noun} ${JSON.stringify(type)}; ${advice}`;
}

/** The word that was probably meant, or null when none is close. */
export function nearest(word: string, known: readonly string[]): string | null {
  const lower = word.slice(0, 100).toLowerCase();
  const far = Math.max(2, Math.ceil(lower.length * 0.4)) + 1;
  let best: { readonly word: string | null; readonly distance: number } = { word: null, distance: far };
  for (const candidate of known) {
    const steps = distance(lower, candidate.toLowerCase());
    if (steps < best.distance) best = { word: candidate, distance: steps };
  }
  return best.word;
}
