import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isIpAddress, isLoopback } from '../../contract/host.ts';
import { ApiError } from '../errors.ts';
import type { ApiParts } from '../parts.ts';
import { isForPagesElsewhere } from './pages-elsewhere.ts';

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** The route of what the page is made of. */
export const PAGE_FILES = '/page/:build/*';

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
 * Refuses what a page elsewhere makes a browser ask where no token does, before anything is done for it. A page whose name
 * is made to mean this machine (DNS rebinding) would read every answer: it is told by its name in `Host`. Any page may post,
 * or ask for much work, without reading the answer: it is told by its `Origin`, or by what the browser says of its site.
 */
export function refuseForeignPages(app: FastifyInstance, { hosts, tokens }: ApiParts): void {
  app.addHook('onRequest', async (request) => {
    const { method, headers, routeOptions } = request;
    const { host, authorization } = headers;
    const names = hosts();
    // A browser always says which host it means.
    if (names !== null && host !== undefined && !isNamed(host, names)) {
      const shown = JSON.stringify(host.slice(0, 100));
      throw new ApiError(421, `the host ${shown} is not known here; if it is meant, add it to "api.hosts"`);
    }
    if (isForPagesElsewhere(request)) return;
    const isReading = READING.has(method);
    // A browser says its `Origin` when it loads the page's own scripts, which tell nothing and cost nothing.
    if (isReading && routeOptions.url === PAGE_FILES) return;
    // What a browser adds by itself to whatever a page asks shows nobody's will; a page elsewhere cannot add a token.
    const isAdded = isReading && authorization?.toLowerCase().startsWith('basic ') === true;
    if (tokens().length > 0 && !isAdded) return;
    if (!isForeign(headers, names ?? [])) return;
    const may = isReading ? 'ask' : 'send';
    throw new ApiError(403, `pages of other origins may not ${may} without tokens below "api.tokens"`);
  });
}

/**
 * A browser says no `Origin` when a page asks its own, nor when a page elsewhere shows an answer as its picture or script; of
 * those it says `Sec-Fetch-Site`. A proxy may put another name into `Host`: `names` are the ones that are meant all the same.
 */
function isForeign(headers: IncomingHttpHeaders, names: readonly string[]): boolean {
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  // Only a browser can say so, and it knows what a proxy has made of `Host`.
  if (site === 'same-origin') return false;
  if (origin !== undefined) {
    const from = origin.replace(/^https?:\/\//, '');
    return from !== host && (from === origin || !names.includes(nameOf(from)));
  }
  if (site !== 'cross-site' && site !== 'same-site') return false;
  // A link elsewhere may lead here.
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}

/** An address is what a page's name cannot be. */
function isNamed(host: string, names: readonly string[]): boolean {
  const name = nameOf(host);
  return isIpAddress(name) || name === 'localhost' || name.endsWith('.localhost') || names.includes(name);
}

/** Without its port. */
function nameOf(host: string): string {
  return host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$|\.$/, '$1')
    .toLowerCase();
}
