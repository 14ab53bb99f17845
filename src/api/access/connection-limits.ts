import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../../contract/host.ts';

/** How many connections may be open at once, idle ones too. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of IPv6 all addresses of one /64 are one. */
  readonly maxConnectionsPerAddress: number;
}

/**
 * Closes connections beyond the limits before anything of them is read: each takes a file descriptor, without which no
 * receiver could take a connection and no file could be read. `refused` is told the reason and the address.
 */
export function limitConnections(
  server: Server,
  { maxConnections, maxConnectionsPerAddress }: ConnectionLimits,
  refused: (reason: string, address: string) => void,
): void {
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
    socket.once('close', () => {
      const left = (perNetwork.get(network) ?? 1) - 1;
      if (left > 0) perNetwork.set(network, left);
      else perNetwork.delete(network);
    });
    if (open <= maxConnectionsPerAddress) return;
    refused('too many connections of this address', remoteAddress);
    socket.destroy();
  });
}
