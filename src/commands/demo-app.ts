import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import type { CommandIo } from './command-io.ts';
import type { StartedApp } from './demo.ts';

/** Headcount with a store of its own that is deleted at the end: made-up people never get into the real one. */
export async function startDemoApp(
  options: { readonly configPath: string | null },
  io: CommandIo,
  version: string,
): Promise<StartedApp> {
  const config = loadConfig(options.configPath, io.cwd, io.env);
  const path = mkdtempSync(join(tmpdir(), 'headcount-demo-'));
  const log = createLog({ ...config.log, level: 'warn' }, io);
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  const app = await startApp({
    // Nor into anybody's database.
    config: { ...config, store: { ...config.store, path }, sinks: [] },
    log,
    now: Date.now,
    version,
    print: io.print,
    onFailed: () => io.setExitCode(1),
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    udp: addressOf(app.listening['udp']),
    apiUrl: app.listening.api,
    stop: async () => {
      await app.stop();
      remove();
    },
  };
}

/** The first of the addresses, written as `address:port` or `[address]:port`. */
function addressOf(listening: readonly string[] | string | undefined): StartedApp['udp'] {
  const [first] = typeof listening === 'string' ? [listening] : (listening ?? []);
  if (first === undefined) return null;
  const colon = first.lastIndexOf(':');
  return { host: first.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(first.slice(colon + 1)) };
}
