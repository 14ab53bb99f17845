import { dirname, isAbsolute, join } from 'node:path';
import type { z } from 'zod';
import { parseAppsFile } from './apps-file.ts';
import { type Environment, fillIn } from './config-environment.ts';
import { ConfigError, formatProblems, schemaProblems } from './config-errors.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import type { Path } from './config-position.ts';
import { configSchema } from './config-schema.ts';
import { readTokens } from './config-tokens.ts';
import { readYaml } from './config-yaml.ts';
import type { AccessToken } from './core/access-token.ts';

export { ConfigError } from './config-errors.ts';

/**
 * The configuration, with every default filled in. Durations are milliseconds, sizes are bytes, `apps` maps a
 * lower-cased app id to its name, `store.path` is relative to the working directory.
 */
export type Config = Omit<Settings, 'apps' | 'api'> & {
  readonly apps: ReadonlyMap<string, string>;
  readonly api: Omit<Settings['api'], 'tokens'> & { readonly tokens: readonly AccessToken[] };
  /** Where relative paths that receivers and sinks have in their settings start from. */
  readonly folder: string;
};

type Settings = z.output<typeof configSchema>;

/**
 * The configuration of a file; null is `config.yaml` in the working directory if there is one, else the
 * defaults. Throws a ConfigError with all problems at once, also when a named file cannot be read.
 */
export function loadConfig(path: string | null, cwd = '.', environment: Environment = {}): Config {
  const file = findConfigFile(path, cwd);
  if (file === null) return parseConfig('', 'config.yaml', cwd);
  const name = path ?? 'config.yaml';
  return parseConfig(readConfigFile(file, name), name, dirname(file), environment);
}

/**
 * Reads a configuration from its text. `fileName` is what the messages call it; relative paths in the text
 * start from `folder`. Throws a ConfigError with all problems at once, of the files it names only when there are no others.
 */
export function parseConfig(
  text: string,
  fileName: string,
  folder = dirname(fileName),
  environment: Environment = {},
): Config {
  const yaml = readYaml(text);
  if (!yaml.readable) throw new ConfigError(formatProblems(fileName, yaml.problems));
  const filled = fillIn(withoutEmptySections(yaml.value ?? {}), environment);
  const parsed = configSchema.safeParse(filled.value);
  const unset = filled.problems.map((problem) => ({ ...yaml.locate(problem.path, 'value'), ...problem }));
  const refused = parsed.success ? [] : schemaProblems(parsed.error.issues, configSchema, yaml, filled);
  const problems = formatProblems(fileName, [...yaml.problems, ...unset, ...refused]);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const { store, apps, api } = parsed.data;
  const at = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  /** How messages call a file that is named at `path`. */
  const shownAs = (path: Path, shown: string) => {
    const { line, column } = yaml.locate(path, 'value');
    return `${fileName}:${line}:${column} ${shown}`;
  };
  let byId: ReadonlyMap<string, string> = apps.byId;
  if (apps.file !== null) {
    const name = filled.written.get(apps.file) ?? apps.file;
    const csv = readConfigFile(at(apps.file), shownAs(['apps', 'file'], `apps.file: ${name}`));
    byId = new Map([...parseAppsFile(csv, name), ...apps.byId]);
  }
  const tokens = readTokens(api.tokens, at, (index, key) =>
    shownAs(['api', 'tokens', index, key], `api.tokens[${index}].${key}`),
  );
  return {
    ...parsed.data,
    store: { ...store, path: at(store.path) },
    apps: byId,
    api: { ...api, tokens },
    folder,
  };
}

/** `api:` with nothing but comments below it means the same as no `api:` at all. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, section]) => section !== null || !Object.hasOwn(configSchema.shape, key),
  );
  return Object.fromEntries(kept);
}
