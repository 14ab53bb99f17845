import { z } from 'zod';
import { nearest } from '../contract/plugin.ts';
import { isSecret } from '../contract/settings.ts';
import { type Filled, unfilled } from './environment.ts';
import type { Path, Problem, YamlText } from './yaml.ts';

/** Everything that is wrong with a configuration, one line each: `file:line:column path: what`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Problems as lines in the order of the file; one that was found twice is said once. */
export function formatProblems(fileName: string, problems: readonly Problem[]): string[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const lines = new Map<string, string>();
  for (const { line, column, path, text } of sorted) {
    const where = `${fileName}:${line}:${column} ${formatPath(path)}`;
    if (!lines.has(where)) lines.set(where, path.length === 0 ? `${where}${text}` : `${where}: ${text}`);
  }
  return [...lines.values()];
}

/**
 * What a schema has against the values of a text whose variables were filled in. Says what is written in the text,
 * never what came from the environment.
 */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  yaml: YamlText,
  filled: Filled,
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, path, filled.value);
      return issue.keys.map((key) => ({
        ...yaml.locate([...path, key], 'key'),
        path: [...path, key],
        text: unknownKey(key, known),
      }));
    }
    const text = withFinding(issue, valueAt(yaml.value, path), filled);
    return [{ ...yaml.locate(path, 'value'), path, text }];
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  if (issue.expected === 'array') return 'expected a list';
  return issue.path.length === 0 ? 'expected keys such as "receivers:"' : 'expected a map of keys';
}

function withFinding(issue: z.core.$ZodIssue, found: unknown, filled: Filled): string {
  const message = messageOf(issue);
  if (!message.startsWith('expected')) return unfilled(message, filled.written);
  if (found === undefined) return `missing, ${message}`;
  if (isSecret(issue)) return message;
  // Where a list or keys should be stands what belongs deeper, as in `tokens: SECRET`.
  const isMisplaced = issue.code === 'invalid_type' && typeof found !== 'object';
  return `${message}, got ${isMisplaced ? 'one value' : describe(found)}`;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  if (typeof value !== 'string') return String(value);
  // A URL may hold a password before its host, with a scheme or without, and behind a question mark.
  const shown = value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1...@').replace(/[?#].*$/s, '?...');
  return shown.length > 60 ? `${JSON.stringify(shown.slice(0, 60))}...` : JSON.stringify(shown);
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === null
    ? `unknown key, known here: ${known.join(', ')}`
    : `unknown key, did you mean "${near}"?`;
}

/** `receivers[0].port`; a key that is not a plain word is quoted, so that every path stays on one line. */
export function formatPath(path: Path): string {
  return path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${before}[${JSON.stringify(step)}]`;
    return before === '' ? step : `${before}.${step}`;
  }, '');
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

/** The keys that a schema knows at a path; the value decides between the members of a union. */
function knownKeys(schema: z.ZodType, path: Path, value: unknown): string[] {
  const inner = unwrap(schema, value);
  const [step, ...rest] = path;
  if (step === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const below = valueAt(value, [step]);
  if (inner instanceof z.ZodArray) return knownKeys(inner.element as z.ZodType, rest, below);
  const child = inner instanceof z.ZodObject ? (inner.shape[step] as z.ZodType | undefined) : undefined;
  return child === undefined ? [] : knownKeys(child, rest, below);
}

function unwrap(schema: z.ZodType, value: unknown): z.ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.def.innerType as z.ZodType, value);
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in as z.ZodType, value);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const type = valueAt(value, ['type']);
  const fits = (option: z.ZodType) =>
    option instanceof z.ZodObject && (option.shape['type'] as z.ZodType).safeParse(type).success;
  return schema.options.map((option) => option as z.ZodType).find(fits) ?? schema;
}
