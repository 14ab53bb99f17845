import { lookup } from 'node:dns/promises';
import { hostAndPort } from '../src/core/host.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Listens on an IP literal; rejects with the error of the system. */
export type Bind<T> = (address: string, family: 4 | 6) => Promise<T>;

/** How a machine says that it has no IPv6. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use (is another Headcount or Butler running?)',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted (ports below 1024 need extra rights, and Windows reserves some ranges)',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name could not be looked up',
};

/**
 * Binds a host as configured: `::` is every address of both families, and every IPv4 one where IPv6 is off;
 * of a name the first address is taken.
 * @throws Error whose message names protocol, place and reason for people
 */
export async function bindPlace<T>(protocol: string, { host, port }: Place, bind: Bind<T>): Promise<T> {
  try {
    if (host === '::') return await bindEverywhere(bind);
    const { address, family } = await lookup(host);
    return await bind(address, family === 6 ? 6 : 4);
  } catch (error) {
    const reason = REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
    throw new Error(placed(protocol, { host, port }, reason), { cause: error });
  }
}

/** A reason with the place that it is about. */
export function placed(protocol: string, { host, port }: Place, reason: string): string {
  return `${protocol} ${hostAndPort(host, port)}: ${reason}`;
}

async function bindEverywhere<T>(bind: Bind<T>): Promise<T> {
  try {
    return await bind('::', 6);
  } catch (error) {
    if (!NO_IPV6.has(codeOf(error))) throw error;
    return await bind('0.0.0.0', 4);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
