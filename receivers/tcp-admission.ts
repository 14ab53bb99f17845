import type { Socket } from 'node:net';
import type { AllowList } from './allow-list.ts';
import { plainAddress } from './plain-address.ts';
import type { ReceiverParts } from './receiver-log.ts';
import type { Refusals } from './refusals.ts';

/** Decides about a connection by its address, before anything of it is read, and ends them all when asked. */
export class TcpAdmission {
  readonly #allowed: AllowList;
  readonly #mostPerAddress: number;
  readonly #refused: Refusals;
  readonly #parts: ReceiverParts;
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  refusedConnections = 0;

  constructor(allowed: AllowList, mostPerAddress: number, refused: Refusals, parts: ReceiverParts) {
    this.#allowed = allowed;
    this.#mostPerAddress = mostPerAddress;
    this.#refused = refused;
    this.#parts = parts;
  }

  /** False where the connection is refused; it is closed then. */
  admit(socket: Socket): boolean {
    // Whoever reads from it counts its errors; a refused one may still have some.
    socket.on('error', () => {});
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return false;
    }
    const address = plainAddress(remoteAddress);
    const reason = this.#problem(remoteAddress, address);
    if (reason === null) {
      this.#enter(socket, address);
      return true;
    }
    this.refuse(reason, address);
    socket.destroy();
    return false;
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

  #problem(remoteAddress: string, address: string): string | null {
    if (!this.#allowed.allows(remoteAddress)) return 'not_allowed';
    const open = this.#perAddress.get(address) ?? 0;
    return open >= this.#mostPerAddress ? 'too_many_of_address' : null;
  }

  #enter(socket: Socket, address: string): void {
    this.#sockets.add(socket);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
  }
}
