import type { FastifyInstance } from 'fastify';
import { isIpAddress, isLoopback } from '../../contract/host.ts';
import { ApiError } from '../errors.ts';
import type { ApiParts } from '../parts.ts';

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * The names under which the API may be asked, besides `localhost` and addresses; null is any. Where it needs a token, or
 * the network can read it anyway, a name keeps nobody out.
 */
export function knownHosts({ host, hosts, tokens }: ListeningApi): readonly string[] | null {
  return hosts.length > 0 || (tokens.length === 0 && isLoopback(host)) ? hosts : null;
}

interface ListeningApi {
  readonly host: string;
  /** `api.hosts`, in lower case. */
  readonly hosts: readonly string[];
  readonly tokens: readonly unknown[];
}

/**
 * Refuses what a page elsewhere makes a browser ask where no token does. A page whose name is made to mean this machine
 * (DNS rebinding) would read every answer: it is told by its name in `Host`. Any page may post, without reading the
 * answer: it is told by its `Origin`.
 */
export function refuseForeignPages(app: FastifyInstance, { hosts, tokens }: ApiParts): void {
  app.addHook('onRequest', async ({ method, headers: { host, origin } }) => {
    const names = hosts();
    // A browser always says which host it means.
    if (names !== null && host !== undefined && !isNamed(host, names)) {
      const shown = JSON.stringify(host.slice(0, 100));
      throw new ApiError(421, `the host ${shown} is not known here; if it is meant, add it to "api.hosts"`);
    }
    if (READING.has(method) || tokens().length > 0 || origin === undefined) return;
    if (origin.replace(/^https?:\/\//, '') !== host) {
      throw new ApiError(403, 'pages of other origins may not send without tokens below "api.tokens"');
    }
  });
}

/** An address is what a page's name cannot be. */
function isNamed(host: string, names: readonly string[]): boolean {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$|\.$/, '$1')
    .toLowerCase();
  return isIpAddress(name) || name === 'localhost' || name.endsWith('.localhost') || names.includes(name);
}
