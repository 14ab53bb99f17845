import { readFileSync } from 'node:fs';
import type { Config } from './config.ts';

/** Files and sockets that are no connections of clients: store, threads, log, sinks, polls, and some for a reload. An idle program has 54. */
export const RESERVED_FILES = 200;

/** How many files and sockets this process may have open; null where nobody knows. Node has raised it as far as it may. */
export function readOpenFilesLimit(): number | null {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? 0) || null;
  } catch {
    return null;
  }
}

/** What of a configuration says how many connections there may be. */
type WithConnections = Pick<Config, 'receivers' | 'api'>;

interface Limits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/**
 * The same with so many connections as a process can have that may open `limit` files. Without a file left it could take no connection, read no
 * configuration and write no log. `shortage` says what was made smaller; null where nothing was.
 */
export function fitConnections(
  { receivers, api }: WithConnections,
  limit: number | null,
): WithConnections & { readonly shortage: string | null } {
  const all = [api, ...receivers.filter(takesConnections)];
  const wanted = all.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const room = Math.max(all.length, (limit ?? Number.POSITIVE_INFINITY) - RESERVED_FILES);
  if (wanted <= room) return { receivers, api, shortage: null };
  const fitted = <Each extends Limits>(each: Each): Each => ({
    ...each,
    maxConnections: Math.max(1, Math.floor((each.maxConnections * room) / wanted)),
    maxConnectionsPerAddress: Math.max(1, Math.floor((each.maxConnectionsPerAddress * room) / wanted)),
  });
  const smaller = receivers.map((each) => (takesConnections(each) ? fitted(each) : each));
  const shortage =
    `a process may open only ${limit} files here, too few for ${wanted} connections of clients, so there are ${room} at most: ` +
    'raise the limit (ulimit -n, LimitNOFILE= of systemd), or lower maxConnections of api and TCP receivers';
  return { receivers: smaller, api: fitted(api), shortage };
}

function takesConnections<Each extends object>(receiver: Each): receiver is Each & Limits {
  return 'maxConnections' in receiver;
}
