import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { receiverSchemas } from '../receivers/index.ts';
import { sinkSchemas } from '../sinks/index.ts';
import { ConfigError, formatProblems, schemaProblems } from './config-errors.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import { readYaml } from './config-yaml.ts';
import { isLoopback } from './core/host.ts';
import { duration, flag, host, oneOf, port, size, text } from './core/settings.ts';

export { ConfigError } from './config-errors.ts';

const receivers = z.array(receiverSchemas).superRefine((entries, context) => {
  for (const [index, entry] of entries.entries()) {
    const { type, host, port, name } = entry;
    const same = entries.findIndex((other) => {
      return port !== 0 && other.type === type && other.host === host && other.port === port;
    });
    if (same < index && same >= 0) {
      context.addIssue({ code: 'custom', path: [index], message: `same address as receivers[${same}]` });
    }
    const namesake = entries.findIndex((other) => name !== undefined && other.name === name);
    if (namesake < index && namesake >= 0) {
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `same name as receivers[${namesake}]`,
      });
    }
  }
});

const blacklist = z.array(
  z.strictObject({
    directory: text('a user directory such as INTERNAL'),
    userId: text('a user id').optional(),
  }),
);

const sessions = z
  .strictObject({
    timeout: duration().prefault('30m'),
    grace: duration().prefault('5m'),
    maxAge: duration().prefault('24h'),
  })
  .superRefine(({ timeout, maxAge }, context) => {
    if (maxAge >= timeout) return;
    context.addIssue({ code: 'custom', path: ['maxAge'], message: 'shorter than sessions.timeout' });
  });

const apps = z.record(z.string(), text('the name of an app')).transform((names, context) => {
  const byId = new Map<string, string>();
  for (const [id, name] of Object.entries(names)) {
    if (byId.has(id.toLowerCase())) {
      context.addIssue({ code: 'custom', path: [id], message: 'this app has a name already' });
    }
    byId.set(id.toLowerCase(), name);
  }
  return byId as ReadonlyMap<string, string>;
});

const api = z
  .strictObject({
    host: host().prefault('127.0.0.1'),
    port: port().prefault(9999),
    insecure: flag().prefault(false),
  })
  .superRefine(({ host, insecure }, context) => {
    if (insecure || isLoopback(host)) return;
    const message =
      `${JSON.stringify(host)} is not loopback, and this version has no tokens: ` +
      'everyone on the network could read who is on; write "insecure: true" below "api:" to accept that';
    context.addIssue({ code: 'custom', path: ['host'], message });
  });

/** The whole schema; every default is here or in the schema of its plugin. */
export const configSchema = z.strictObject({
  receivers: receivers.prefault([{ type: 'udp' }, { type: 'tcp' }]),
  blacklist: blacklist.prefault([]),
  sessions: sessions.prefault({}),
  apps: apps.prefault({}),
  store: z
    .strictObject({
      path: text('a folder').prefault('data'),
      retention: duration('2d').prefault('90d'),
      maxSize: size('1MB', '1000TB').prefault('10GB'),
      commitInterval: duration('1ms', '10s').prefault('20ms'),
    })
    .prefault({}),
  sinks: z.array(sinkSchemas).prefault([]),
  api: api.prefault({}),
  log: z
    .strictObject({
      level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal').prefault('info'),
      format: oneOf('auto', 'json', 'pretty').prefault('auto'),
    })
    .prefault({}),
});

/**
 * The configuration, with every default filled in. Durations are milliseconds, sizes are bytes, `apps` maps a
 * lower-cased app id to its name, `store.path` is relative to the working directory.
 */
export type Config = z.output<typeof configSchema>;

/**
 * The configuration of a file; null is `config.yaml` in the working directory if there is one, else the
 * defaults. Throws a ConfigError with all problems at once, also when a named file cannot be read.
 */
export function loadConfig(path: string | null, cwd = '.'): Config {
  const file = findConfigFile(path, cwd);
  if (file === null) return parseConfig('', 'config.yaml', cwd);
  return parseConfig(readConfigFile(file, path ?? 'config.yaml'), path ?? 'config.yaml', dirname(file));
}

/**
 * Reads a configuration from its text. `fileName` is what the messages call it; relative paths in the text
 * start from `folder`. Throws a ConfigError with all problems at once.
 */
export function parseConfig(text: string, fileName: string, folder = dirname(fileName)): Config {
  const yaml = readYaml(text);
  if (!yaml.readable) throw new ConfigError(formatProblems(fileName, yaml.problems));
  const parsed = configSchema.safeParse(withoutEmptySections(yaml.value ?? {}));
  const problems = parsed.success ? [] : schemaProblems(parsed.error.issues, configSchema, yaml);
  if (!parsed.success || yaml.problems.length > 0) {
    throw new ConfigError(formatProblems(fileName, [...yaml.problems, ...problems]));
  }
  const { store } = parsed.data;
  const path = isAbsolute(store.path) ? store.path : join(folder, store.path);
  return { ...parsed.data, store: { ...store, path } };
}

/** `api:` with nothing but comments below it means the same as no `api:` at all. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, section]) => section !== null || !Object.hasOwn(configSchema.shape, key),
  );
  return Object.fromEntries(kept);
}
