import { distance } from 'fastest-levenshtein';
import { z } from 'zod';

/** The settings of one kind of plugin: a map whose `type` is always the same word. */
export type PluginSchema = z.ZodObject<{ readonly type: z.ZodLiteral<string> }>;

/** What every kind of plugin says of itself. Receivers and sinks each add how one is made. */
export interface Plugin<S extends PluginSchema = PluginSchema> {
  readonly schema: S;
}

/** What the configuration calls a kind of plugin. */
export function nameOf({ schema }: Plugin): string {
  return schema.shape.type.value;
}

/** The kind of plugin that settings are of; they have been read with `byType`, so there is one. */
export function pluginOf<P extends Plugin>(plugins: readonly P[], { type }: { readonly type: string }): P {
  const plugin = plugins.find((each) => nameOf(each) === type);
  if (plugin === undefined) throw new Error(`there is no plugin ${JSON.stringify(type)}`);
  return plugin;
}

/**
 * One entry of a list of plugins: a map whose `type` picks the schema.
 * `noun` (`receiver`, `sink`) names the entry in messages. Without plugins every entry is refused.
 */
export function byType<P extends readonly Plugin[]>(
  noun: string,
  plugins: P,
): z.ZodType<z.output<P[number]['schema']>> {
  const types = plugins.map(nameOf);
  const [first, ...rest] = plugins.map(({ schema }) => schema);
  if (first !== undefined) {
    const error = (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
      issue.code === 'invalid_union' ? unknownType(noun, types, typeOf(issue.input)) : undefined;
    return z.discriminatedUnion('type', [first, ...rest], { error }) as unknown as z.ZodType<
      z.output<P[number]['schema']>
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
