import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../../contract/host.ts';

/** How many connections may be open at once, idle ones too. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of IPv6 all addresses of one /64 are one. */
  readonly maxConnectionsPerAddress: number;
}

/** Whether more than half of the places are taken: all of them, or those of one address. */
export type IsCrowded = (address: string) => boolean;

/**
 * Closes connections beyond the limits before anything of them is read: each takes a file descriptor, without which no
 * receiver could take a connection and no file could be read. `refused` is told the reason and the address.
 */
export function limitConnections(
  server: Server,
  { maxConnections, maxConnectionsPerAddress }: ConnectionLimits,
  refused: (reason: string, address: string) => void,
): IsCrowded {
  let all = 0;
  const perNetwork = new Map<string, number>();
  server.maxConnections = maxConnections;
  server.on('drop', (dropped) => refused('too many connections', dropped?.remoteAddress ?? 'unknown'));
  server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // Reset before it was accepted.
    if (remoteAddress === undefined) return;
    const network = networkOf(remoteAddress);
    const open = (perNetwork.get(network) ?? 0) + 1;
    perNetwork.set(network, open);
    all += 1;
    socket.once('close', () => {
      all -= 1;
      const left = (perNetwork.get(network) ?? 1) - 1;
      if (left > 0) perNetwork.set(network, left);
      else perNetwork.delete(network);
    });
    if (open <= maxConnectionsPerAddress) return;
    refused('too many connections of this address', remoteAddress);
    socket.destroy();
  });
  return (address) =>
    all > maxConnections / 2 || (perNetwork.get(networkOf(address)) ?? 0) > maxConnectionsPerAddress / 2;
}
