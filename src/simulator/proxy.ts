import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { SeenSession } from '../contract/snapshot.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import type { Simulation } from './simulation.ts';
import type { Truth } from './truth.ts';

/** What a proxy answers when it is asked who has a session on one of its virtual proxies. */
export function seenSessions(truth: Truth, host: string, virtualProxy: string): SeenSession[] {
  return truth
    .openSessions()
    .filter((session) => session.host === host && session.virtualProxy === virtualProxy)
    .map(({ proxyId, user }) => ({ id: proxyId, user }));
}

/** Where the proxies of the simulated nodes can be asked, while they can. */
export interface Proxies {
  /** In the order of the hosts, each at its own port of this machine. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

/**
 * Serves `GET /qps/session` and `GET /qps/<prefix>/session` for each host as its proxy service does: mutual TLS, a key in
 * the query that a header repeats. The first host is at `port`, the next at the one after; 0 is any. Writes what a
 * client needs into `folder`, under the names that Sense gives them.
 */
export async function startProxies(
  simulation: Pick<Simulation, 'site' | 'truth'>,
  port: number,
  folder: string,
  now: number,
): Promise<Proxies> {
  const { hosts } = simulation.site;
  const certificates = createCertificates(hosts, now);
  writeCertificates(folder, certificates);
  const servers: Server[] = [];
  const close = async () => {
    const closing = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of servers) server.closeAllConnections();
    await Promise.all(closing);
  };
  try {
    for (const [n, host] of hosts.entries()) {
      const server = createProxy(simulation, host, certificates);
      server.listen(port === 0 ? 0 : port + n, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: servers.map((server) => (server.address() as AddressInfo).port), close };
}

/** Lines of the configuration with which Headcount asks them. */
export function proxiesToAsk({ site }: Pick<Simulation, 'site'>, { ports }: Proxies, folder: string): string {
  const names = { cert: 'client.pem', key: 'client_key.pem', ca: 'root.pem' };
  const files = Object.entries(names).map(([key, name]) => `${key}: ${JSON.stringify(join(folder, name))}`);
  const servers = site.hosts.map((host, n) => {
    const place = `host: 127.0.0.1, port: ${ports[n]}, servername: ${host}, node: ${host}`;
    return `      - { ${place}, virtualProxies: [ ${site.virtualProxies.join(', ')} ] }`;
  });
  return ['  - type: qps', `    certificates: { ${files.join(', ')} }`, '    servers:', ...servers, ''].join(
    '\n',
  );
}

function writeCertificates(folder: string, { root, client, clientKey }: Certificates): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'root.pem'), root);
  writeFileSync(join(folder, 'client.pem'), client);
  writeFileSync(join(folder, 'client_key.pem'), clientKey, { mode: 0o600 });
}

function createProxy(
  { site, truth }: Pick<Simulation, 'site' | 'truth'>,
  host: string,
  { root, server, serverKey }: Certificates,
): Server {
  const tls = { cert: server, key: serverKey, ca: root, requestCert: true, rejectUnauthorized: true };
  return createServer(tls, (request, response) => {
    const prefix = readPrefix(request);
    if (!hasKey(request)) refuse(response, 403);
    else if (prefix === null || !site.virtualProxies.includes(prefix)) refuse(response, 404);
    else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(seenSessions(truth, host, prefix).map(rowOf)));
    }
  });
}

function readPrefix({ method, url }: IncomingMessage): string | null {
  const found = /^\/qps(\/[^?]*)?\/session(?:\?|$)/.exec(url ?? '');
  return method !== 'GET' || found === null ? null : (found[1] ?? '/');
}

/** Against pages elsewhere: 16 letters or digits in the query, and the same in a header. */
function hasKey({ url, headers }: IncomingMessage): boolean {
  const key = /[?&]xrfkey=([a-z0-9]{16})(?:&|$)/i.exec(url ?? '')?.[1];
  return key !== undefined && headers['x-qlik-xrfkey'] === key;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<html></html>');
}

function rowOf({ id, user }: SeenSession) {
  const [UserDirectory, UserId] = [user?.directory ?? '', user?.id ?? ''];
  return { UserDirectory, UserId, UserName: null, Attributes: [], SessionId: id };
}
