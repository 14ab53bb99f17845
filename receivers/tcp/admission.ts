import type { Socket } from 'node:net';
import { networkOf } from '../../src/contract/host.ts';
import type { ReceiverParts } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import type { AllowList } from '../allow-list.ts';
import type { Refusals } from '../listen.ts';
import type { TcpConfig } from './tcp.schema.ts';

/** A connection that was let in. */
interface Place {
  readonly socket: Socket;
  readonly network: string;
  readonly address: string;
}

/**
 * Decides about a connection before anything of it is read, and ends them all when asked. A place is for good only after the first frame:
 * where all are taken, one that has said nothing yet makes room, the oldest of the network that has most of those. So whoever opens
 * connections and is silent keeps nobody out, and drives out his own first.
 */
export class TcpAdmission {
  readonly #allowed: AllowList;
  readonly #limits: Pick<TcpConfig, 'maxConnections' | 'maxConnectionsPerAddress'>;
  readonly #refused: Refusals;
  readonly #parts: ReceiverParts;
  readonly #sockets = new Set<Socket>();
  readonly #perNetwork = new Map<string, number>();
  /** Places of those of whom no frame has come, by network, the oldest first; by address and port. */
  readonly #silent = new Map<string, Map<string, Place>>();
  refusedConnections = 0;

  constructor(
    allowed: AllowList,
    limits: Pick<TcpConfig, 'maxConnections' | 'maxConnectionsPerAddress'>,
    refused: Refusals,
    parts: ReceiverParts,
  ) {
    this.#allowed = allowed;
    this.#limits = limits;
    this.#refused = refused;
    this.#parts = parts;
  }

  /** False where the connection is refused; it is closed then. */
  admit(socket: Socket): boolean {
    // Whoever reads from it counts its errors; a refused one may still have some.
    socket.on('error', () => {});
    const { remoteAddress, remotePort = 0 } = socket;
    if (remoteAddress === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return false;
    }
    const address = plainAddress(remoteAddress);
    const network = networkOf(address);
    const reason = this.#problem(remoteAddress, network);
    if (reason === null) {
      this.#enter({ socket, network, address }, remotePort);
      return true;
    }
    this.refuse(reason, address);
    socket.destroy();
    return false;
  }

  /** A frame has come from there: its place is its own. */
  heard(address: string, port: number): void {
    this.#forget(networkOf(address), `${address} ${port}`);
  }

  /** Connections are no messages: what is refused of them is counted and logged apart. */
  refuse(reason: string, address: string, detail = ''): void {
    this.refusedConnections += 1;
    this.#refused.add(reason);
    const { name, trouble } = this.#parts;
    trouble(`${name}: connection refused, ${reason}`, detail === '' ? address : `${address}: ${detail}`);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #problem(remoteAddress: string, network: string): string | null {
    if (!this.#allowed.allows(remoteAddress)) return 'not_allowed';
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if ((this.#perNetwork.get(network) ?? 0) >= maxConnectionsPerAddress) {
      return this.#makeRoom(network) ? null : 'too_many_of_address';
    }
    if (this.#sockets.size < maxConnections || this.#makeRoom(this.#mostSilent())) return null;
    return 'too_many_connections';
  }

  #mostSilent(): string {
    let most = '';
    for (const [network, places] of this.#silent) {
      if (places.size > (this.#silent.get(most)?.size ?? 0)) most = network;
    }
    return most;
  }

  /** Ends the oldest silent connection of a network; false where there is none. */
  #makeRoom(network: string): boolean {
    for (const [key, place] of this.#silent.get(network) ?? []) {
      this.refuse('silent_connection', place.address);
      place.socket.destroy();
      this.#leave(place, key);
      return true;
    }
    return false;
  }

  #enter(place: Place, port: number): void {
    const { socket, network, address } = place;
    const key = `${address} ${port}`;
    this.#sockets.add(socket);
    this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1);
    const silent = this.#silent.get(network) ?? new Map<string, Place>();
    this.#silent.set(network, silent.set(key, place));
    socket.on('close', () => this.#leave(place, key));
  }

  #leave({ socket, network }: Place, key: string): void {
    if (!this.#sockets.delete(socket)) return;
    this.#forget(network, key);
    const left = (this.#perNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }

  #forget(network: string, key: string): void {
    const silent = this.#silent.get(network);
    silent?.delete(key);
    if (silent?.size === 0) this.#silent.delete(network);
  }
}
