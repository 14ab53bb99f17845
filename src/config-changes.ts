import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { formatPath } from './config-errors.ts';
import type { Path } from './config-position.ts';

/** Keys that a running Headcount takes anew. */
const RELOADED: ReadonlySet<string> = new Set(['blacklist', 'api.tokens', 'api.hosts']);

/** The keys that differ and need a restart: `api.port`, `receivers[0].port`. Never a value. */
export function keysForRestart(running: Config, loaded: Config): string[] {
  return differences(running, loaded, [])
    .map(formatPath)
    .filter((key) => !RELOADED.has(key));
}

function differences(before: unknown, after: unknown, path: Path): Path[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [one, other] = [membersOf(before, path), membersOf(after, path)];
  if (one === null || other === null || (Array.isArray(before) && one.size !== other.size)) return [path];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((key) =>
    differences(one.get(key), other.get(key), [...path, key]),
  );
}

/** Of a map of keys, or of a list of receivers or sinks; null where the value is one setting as a whole. */
function membersOf(value: unknown, path: Path): ReadonlyMap<string | number, unknown> | null {
  if (Array.isArray(value))
    return path.length === 1 && path[0] !== 'blacklist' ? new Map(value.entries()) : null;
  if (typeof value !== 'object' || value === null || value instanceof Map) return null;
  return new Map(Object.entries(value));
}
