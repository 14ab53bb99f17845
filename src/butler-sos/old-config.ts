import { parse } from 'yaml';

/** What all its keys are below. */
const ROOT = 'Butler-SOS';
const MAX_ALIASES = 100;

/** A configuration of Butler SOS, which knows afterwards what was taken of it. */
export class OldConfig {
  readonly #root: ReadonlyMap<unknown, unknown>;
  readonly #taken = new Set<string>();

  /** @throws Error where it is no configuration of Butler SOS, in words */
  constructor(text: string) {
    let parsed: unknown;
    try {
      // Maps, because of keys such as `__proto__`.
      parsed = parse(text, { mapAsMap: true, maxAliasCount: MAX_ALIASES, merge: true, logLevel: 'error' });
    } catch (error) {
      throw new Error(`it is no YAML: ${String((error as Error).message).split('\n', 1)[0]}`);
    }
    const root = parsed instanceof Map ? parsed.get(ROOT) : undefined;
    if (!(root instanceof Map)) throw new Error(`it has no section "${ROOT}:", which Butler SOS begins with`);
    if (hasNoEnd(root))
      throw new Error('an alias (*name) in it is inside what it stands for, which would have no end');
    this.#root = root;
  }

  /** The value at a path such as `cert.clientCert`, as it is, with everything in it; undefined where there is none. */
  take(path: string): unknown {
    const value = this.#find(path);
    if (isNothing(value)) return undefined;
    this.#taken.add(path);
    return value;
  }

  #find(path: string): unknown {
    let value: unknown = this.#root;
    for (const step of path.split(/[.[]/)) {
      if (step.endsWith(']')) value = Array.isArray(value) ? value[Number(step.slice(0, -1))] : undefined;
      else value = value instanceof Map ? value.get(step) : undefined;
    }
    return value;
  }

  /** A text that was filled in: the template has texts such as `<IP or FQDN>`. Another one is not taken. */
  text(path: string): string | undefined {
    const value = this.#find(path);
    const isText = typeof value === 'number' || (typeof value === 'string' && !/[<>]/.test(value));
    return isText && !isNothing(value) ? String(this.take(path)).trim() : undefined;
  }

  /** Anything else is not taken. */
  number(path: string): number | undefined {
    const value = this.#find(path);
    return isNothing(value) || !Number.isFinite(Number(value)) ? undefined : Number(this.take(path));
  }

  flag(path: string): boolean {
    return this.take(path) === true;
  }

  /** How many entries the list at a path has; 0 where there is none. Takes none of them. */
  count(path: string): number {
    const value = this.#find(path);
    return Array.isArray(value) ? value.length : 0;
  }

  /** Paths of single values that were not taken, in their order; without those in which there is nothing. */
  left(): string[] {
    const paths: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (this.#taken.has(path) || isNothing(value)) return;
      if (value instanceof Map) {
        for (const [key, inner] of value) visit(inner, path === '' ? String(key) : `${path}.${String(key)}`);
      } else if (Array.isArray(value)) {
        for (const [index, inner] of value.entries()) visit(inner, `${path}[${index}]`);
      } else paths.push(path);
    };
    visit(this.#root, '');
    return paths;
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Whether a map or list is somewhere inside itself, as an alias can make it. */
function hasNoEnd(value: unknown, around: ReadonlySet<unknown> = new Set()): boolean {
  const items = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : [];
  const here = new Set([...around, value]);
  return around.has(value) || items.some((item) => hasNoEnd(item, here));
}
