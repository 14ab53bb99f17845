import type { Sender } from '../src/core/event.ts';
import { plainAddress } from './plain-address.ts';

/** Senders remembered; more are forgotten all at once, since only forged ones are so many. */
const MOST = 10_000;

/** One object per sender instead of one per datagram. */
export class UdpSenders {
  #byAddress = new Map<string, Map<number, Sender>>();
  #size = 0;

  /** `address` as the socket gives it. */
  of(address: string, port: number): Sender {
    return this.#byAddress.get(address)?.get(port) ?? this.#remember(address, port);
  }

  #remember(address: string, port: number): Sender {
    if (this.#size >= MOST) {
      this.#byAddress = new Map();
      this.#size = 0;
    }
    const sender: Sender = { address: plainAddress(address), port };
    const ports = this.#byAddress.get(address) ?? new Map<number, Sender>();
    this.#byAddress.set(address, ports.set(port, sender));
    this.#size += 1;
    return sender;
  }
}
