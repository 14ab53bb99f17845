import { z } from 'zod';
import { receiverSchemas } from '../receivers/index.ts';
import { sinkSchemas } from '../sinks/index.ts';
import { apiSchema } from './api/api.schema.ts';
import { duration, oneOf, size, text } from './core/settings.ts';

const receivers = z.array(receiverSchemas).superRefine((entries, context) => {
  for (const [index, { type, host, port, name }] of entries.entries()) {
    const before = entries.slice(0, index);
    const same = before.findIndex((other) => {
      return port !== 0 && other.type === type && other.host === host && other.port === port;
    });
    if (same >= 0) {
      context.addIssue({ code: 'custom', path: [index], message: `same address as receivers[${same}]` });
    }
    const namesake = before.findIndex((other) => name !== undefined && other.name === name);
    if (namesake >= 0) {
      const message = `same name as receivers[${namesake}]`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
});

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

const apps = z
  .object({ file: text('a CSV file').optional() })
  .catchall(text('the name of an app'))
  .transform(({ file, ...names }, context) => {
    const byId = new Map<string, string>();
    for (const [id, name] of Object.entries(names)) {
      if (byId.has(id.toLowerCase())) {
        context.addIssue({ code: 'custom', path: [id], message: 'this app has a name already' });
      }
      byId.set(id.toLowerCase(), name);
    }
    return { file: file ?? null, byId };
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
  sinks: sinks.prefault([]),
  api: apiSchema.prefault({}),
  log: z
    .strictObject({
      level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal').prefault('info'),
      format: oneOf('auto', 'json', 'pretty').prefault('auto'),
    })
    .prefault({}),
});
