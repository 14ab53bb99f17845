import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import type { NatsSettings } from './settings.ts';

/** JetStream of earlier servers does not hold what is relied on here. */
const OLDEST_SERVER = [2, 12] as const;
const CONNECT_WITHIN_MS = 5_000;
/** A server that says nothing for twice as long is gone. */
const PING_EVERY_MS = 5_000;

/** Only a person can help. */
export class SettingsError extends Error {}

/**
 * Connects to the first of the servers that answers. The connection is never mended: what is lost is noticed, and a new one is made.
 * @throws SettingsError where the server refuses who we are, or is too old, or a file cannot be read
 */
export async function connectToNats(
  settings: NatsSettings,
  folder: string,
  name: string,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const options = await optionsOf(settings, folder, name);
  signal.throwIfAborted();
  const connecting = connect(options);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(`${settings.servers.join(', ')}: no answer in time`));
  signal.addEventListener('abort', giveUp);
  try {
    const connection = await Promise.race([connecting, late]);
    const version = connection.info?.version ?? '';
    if (isTooOld(version)) {
      await connection.close();
      throw new SettingsError(
        `nats-server ${version} is too old: ${OLDEST_SERVER.join('.')} is needed at least`,
      );
    }
    return connection;
  } catch (error) {
    // It may still come.
    void connecting.then(
      (connection) => connection.close(),
      () => {},
    );
    throw faultOf(error as Error, settings);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function optionsOf(
  settings: NatsSettings,
  folder: string,
  name: string,
): Promise<NodeConnectionOptions> {
  const { servers, user, password, token, credentials, tls } = settings;
  const read = async (key: string, file: string | undefined): Promise<string | undefined> => {
    if (file === undefined) return undefined;
    return readFile(resolve(folder, file), 'utf8').catch((error: Error) => {
      throw new SettingsError(`cannot read ${key}: ${error.message}`);
    });
  };
  const [ca, cert, key, creds] = await Promise.all([
    read('tls.ca', tls.ca),
    read('tls.cert', tls.cert),
    read('tls.key', tls.key),
    read('credentials', credentials),
  ]);
  const wantsTls = ca !== undefined || cert !== undefined || servers.some((each) => each.startsWith('tls:'));
  return {
    servers: servers.map((each) => each.replace(/^tls:/, 'nats:')),
    name,
    reconnect: false,
    timeout: CONNECT_WITHIN_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(token === undefined ? {} : { token }),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    ...(wantsTls
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
            rejectUnauthorized: tls.verify,
          },
        }
      : {}),
  };
}

/** What is wrong with the files that the settings name: where, and what; null where nothing is. */
export async function fileProblem(
  settings: NatsSettings,
  folder: string,
): Promise<{ readonly path: readonly string[]; readonly text: string } | null> {
  try {
    const { tls } = await optionsOf(settings, folder, '');
    if (tls) createSecureContext(tls);
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { path: text.includes('credentials') ? ['credentials'] : ['tls'], text };
  }
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]);
}

function faultOf(error: Error, { servers }: NatsSettings): Error {
  if (error instanceof SettingsError) return error;
  const text = `${error.name}: ${error.message}`;
  if (/authorization|authentication|permissions/i.test(text)) {
    return new SettingsError(`${servers.join(', ')} refuses us: ${error.message}`);
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(`${(error as NodeJS.ErrnoException).code} ${text}`)) {
    return new SettingsError(`the certificate of ${servers.join(', ')} is not trusted: ${error.message}`);
  }
  return new Error(`${servers.join(', ')}: ${error.message}`);
}
