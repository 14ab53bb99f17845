import type { Path } from './yaml.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration whose texts are filled in from the environment. */
export interface Filled {
  readonly value: unknown;
  readonly problems: readonly { readonly path: Path; readonly text: string }[];
  /** Texts that are not in the file, each with what is written there in its place. */
  readonly written: ReadonlyMap<string, string>;
}

// `$${` is a literal `${`. What else begins with `${` is meant as a variable, so it has to be one.
const VARIABLE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?/g;

/** Replaces `${NAME}` in every text of a value, keys left alone. What comes out is always text, never a number. */
export function fillIn(value: unknown, environment: Environment): Filled {
  const problems: { path: Path; text: string }[] = [];
  const written = new Map<string, string>();

  function fillText(text: string, path: Path): string {
    const missing: string[] = [];
    let broken = false;
    const filled = text.replace(VARIABLE, (match, name: string | undefined) => {
      if (match === '$${') return '${';
      const found = name === undefined ? undefined : environment[name];
      if (name === undefined) broken = true;
      else if (found === undefined) missing.push(name);
      else written.set(found, match);
      return found ?? match;
    });
    if (broken) problems.push({ path, text: `expected \${NAME}; a literal \${ is written $\${` });
    else if (missing.length > 0) problems.push({ path, text: notSet(missing) });
    else if (filled !== text) written.set(filled, text);
    return filled;
  }

  function fill(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return value.includes('${') ? fillText(value, path) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]));
  }

  return { value: fill(value, []), problems, written };
}

function notSet(names: readonly string[]): string {
  const [first, ...others] = new Set(names);
  if (others.length === 0) return `environment variable ${first} is not set`;
  return `environment variables ${[first, ...others].join(', ')} are not set`;
}

/** A message without what came from the environment: what is written in the file stands in its place. */
export function unfilled(message: string, written: ReadonlyMap<string, string>): string {
  let text = message;
  // The longer first: they are made of the shorter.
  for (const [value, source] of [...written].sort(([a], [b]) => b.length - a.length)) {
    text = text.replaceAll(JSON.stringify(value), JSON.stringify(source));
    // Shorter ones may be parts of any word.
    if (value.length > 3) text = text.replaceAll(value, source);
  }
  return text;
}
