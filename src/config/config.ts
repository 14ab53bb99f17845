import { dirname, isAbsolute, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { sinkSchemas } from '../../sinks/index.ts';
import { type ApiSettings, apiSchema } from '../api/access/api.schema.ts';
import { qrsSchema } from '../app-names/qrs.schema.ts';
import type { NamesById } from '../contract/app-names.ts';
import { blacklistRules, duration, integerOrOff, oneOf, size, text } from '../contract/settings.ts';
import { prefixOf } from '../contract/virtual-proxy.ts';
import { type Environment, fillIn } from './environment.ts';
import { ConfigError, formatPath, formatProblems, schemaProblems } from './errors.ts';
import { findConfigFile, gathering, parseAppsFile, readConfigFile, readTokens } from './files.ts';
import { receivers, sharedPorts } from './receivers.ts';
import { type Path, readYaml } from './yaml.ts';

export { ConfigError } from './errors.ts';

/** The settings are right, but files that they name are not. `config` is what there would be without those. */
export class MissingFilesError extends ConfigError {
  readonly config: Config;

  constructor(problems: readonly string[], config: Config) {
    super(problems);
    this.config = config;
  }
}

const sinks = z.array(sinkSchemas).superRefine((entries, context) => {
  const names = entries.map(({ name, type }) => name ?? type);
  for (const [index, name] of names.entries()) {
    const namesake = names.indexOf(name);
    if (namesake === index) continue;
    // How far each has come is kept under its name, which must not depend on the order of this list.
    const message = `same name as sinks[${namesake}]; each sink needs one of its own`;
    context.addIssue({ code: 'custom', path: [index, 'name'], message });
  }
});

const sessions = z
  .strictObject({
    timeout: duration().prefault('30m'),
    grace: duration().prefault('5m'),
    maxAge: duration().prefault('24h'),
    storm: integerOrOff(1_000_000).prefault(30),
    serviceUsers: blacklistRules().prefault([]),
    virtualProxies: z
      .array(
        z.strictObject({
          virtualProxy: text('the prefix of a virtual proxy such as /sales'),
          timeout: duration(),
        }),
      )
      .prefault([]),
  })
  .superRefine(({ timeout, maxAge, virtualProxies }, context) => {
    if (maxAge < timeout) {
      context.addIssue({ code: 'custom', path: ['maxAge'], message: 'shorter than sessions.timeout' });
    }
    const prefixes = virtualProxies.map(({ virtualProxy }) => prefixOf(virtualProxy));
    for (const [index, each] of virtualProxies.entries()) {
      const problem = (key: string, message: string): void => {
        context.addIssue({ code: 'custom', path: ['virtualProxies', index, key], message });
      };
      if (prefixes.indexOf(prefixes[index] ?? '') < index) problem('virtualProxy', 'has a time-out already');
      if (each.timeout > maxAge) problem('timeout', 'longer than sessions.maxAge');
    }
  });

/** It stands before the names of hosts, and in those of subjects. */
function siteName() {
  return text('the name of a site').refine(
    (name) => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name),
    'expected the name of a site: up to 63 of a-z, 0-9, "-" and "_"',
  );
}

const apps = z
  .object({ file: text('a CSV file').optional(), qrs: qrsSchema.optional() })
  .catchall(text('the name of an app'))
  .transform(({ file, qrs, ...names }, context) => {
    const byId = new Map<string, string>();
    for (const [id, name] of Object.entries(names)) {
      if (byId.has(id.toLowerCase())) {
        context.addIssue({ code: 'custom', path: [id], message: 'this app has a name already' });
      }
      byId.set(id.toLowerCase(), name);
    }
    return { byId, file: file ?? null, qrs: qrs ?? null };
  });

/** The whole schema; every default is here or in the schema of its plugin. */
export const configSchema = z.strictObject({
  receivers: receivers.prefault([{ type: 'udp' }, { type: 'tcp' }]),
  blacklist: blacklistRules().prefault([]),
  sessions: sessions.prefault({}),
  apps: apps.prefault({}),
  store: z
    .strictObject({
      path: text('a folder').prefault('data'),
      retention: duration('2d').prefault('90d'),
      maxSize: size('1MB', '1000TB').prefault('10GB'),
      commitInterval: duration('1ms', '10s').prefault('100ms'),
    })
    .prefault({}),
  site: siteName().prefault('main'),
  sinks: sinks.prefault([]),
  api: apiSchema.prefault({}),
  log: z
    .strictObject({
      level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal').prefault('info'),
      format: oneOf('auto', 'json', 'pretty').prefault('auto'),
    })
    .prefault({}),
});

/**
 * The configuration, with every default filled in. Durations are milliseconds, sizes are bytes, `store.path` and
 * `apps.file` are relative to the working directory. `apps.byId` maps a lower-cased app id to its name: those of the
 * file are in it, below those that stand in the configuration itself.
 */
export type Config = Omit<Settings, 'apps' | 'api'> & {
  readonly apps: Omit<Settings['apps'], 'byId'> & { readonly byId: NamesById };
  readonly api: ApiSettings;
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
 * start from `folder`. Throws a ConfigError with all problems at once, of the files it names (MissingFilesError) only when there are no others.
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
  const shared = sharedPorts(parsed.data, yaml.value).map((problem) => ({
    ...yaml.locate(problem.path, 'value'),
    ...problem,
    text: problem.text((path) => yaml.locate(path, 'value').line),
  }));
  if (shared.length > 0) throw new ConfigError(formatProblems(fileName, shared));
  const at = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  /** How messages call a file that is named at `path`. */
  const shownAs = (path: Path, shown: string) => {
    const { line, column } = yaml.locate(path, 'value');
    return `${fileName}:${line}:${column} ${shown}`;
  };
  const missing: string[] = [];
  const named = gathering(missing, () => {
    if (apps.file === null) return null;
    const name = filled.written.get(apps.file) ?? apps.file;
    const csv = readConfigFile(at(apps.file), shownAs(['apps', 'file'], `apps.file: ${name}`));
    return parseAppsFile(csv, name);
  });
  const tokens = gathering(missing, () =>
    readTokens(api.tokens, at, (index, key) =>
      shownAs(['api', 'tokens', index, key], `api.tokens[${index}].${key}`),
    ),
  );
  const config = {
    ...parsed.data,
    store: { ...store, path: at(store.path) },
    apps: {
      ...apps,
      file: apps.file === null ? null : at(apps.file),
      byId: new Map([...(named ?? []), ...apps.byId]),
    },
    api: { ...api, tokens: tokens ?? [] },
    folder,
  };
  if (missing.length > 0) throw new MissingFilesError(missing, config);
  return config;
}

/** Lines about settings of a file, each with its place there; the file as `loadConfig` finds it. */
export function atTheirPlaces(
  path: string | null,
  cwd: string,
  notes: readonly { readonly path: Path; readonly text: string }[],
): string[] {
  const file = findConfigFile(path, cwd);
  const name = path ?? 'config.yaml';
  const yaml = readYaml(file === null ? '' : readConfigFile(file, name));
  return formatProblems(
    name,
    notes.map((note) => ({ ...yaml.locate(note.path, 'value'), ...note })),
  );
}

/** `api:` with nothing but comments below it means the same as no `api:` at all. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, section]) => section !== null || !Object.hasOwn(configSchema.shape, key),
  );
  return Object.fromEntries(kept);
}

/** Keys that a running Headcount takes anew. */
const RELOADED: ReadonlySet<string> = new Set([
  'blacklist',
  'apps.byId',
  'apps.file',
  'api.tokens',
  'api.hosts',
]);

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
