import { BlockList, isIPv4 } from 'node:net';
import { plainAddress } from './address.ts';
import type { AllowedNetwork } from './allow.schema.ts';

/** Answers remembered; more are forgotten all at once, since only forged senders are so many. */
const MOST_REMEMBERED = 10_000;

/** Who may send at the moment. It can be told to another thread. */
export interface Allowed {
  /** Nothing needs to be asked. */
  readonly everyone: boolean;
  readonly networks: readonly AllowedNetwork[];
  /** What names stand for. */
  readonly addresses: readonly string[];
}

/** Answers whether an address may send; one that is not understood may not. */
export class AllowedSenders {
  readonly #everyone: boolean;
  /** By family, and for IPv6 with a zone by zone: a BlockList would take `::/0` for IPv4 too. */
  readonly #lists = new Map<string, BlockList>();
  #remembered = new Map<string, boolean>();

  constructor({ everyone, networks, addresses }: Allowed) {
    this.#everyone = everyone;
    for (const { address, prefix, family, zone } of networks) {
      this.#listOf(zone === null ? family : `%${zone}`).addSubnet(address, prefix, family);
    }
    for (const address of addresses) {
      const plain = plainAddress(address);
      const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
      this.#listOf(family).addAddress(plain, family);
    }
  }

  /** `address` as the socket gives it. */
  allows(address: string): boolean {
    if (this.#everyone) return true;
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered = new Map();
    const allowed = this.#check(address);
    this.#remembered.set(address, allowed);
    return allowed;
  }

  #listOf(key: string): BlockList {
    const list = this.#lists.get(key) ?? new BlockList();
    this.#lists.set(key, list);
    return list;
  }

  #check(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
    const zone = family === 'ipv6' ? /%(.+)$/.exec(address)?.[1] : undefined;
    const lists = [this.#lists.get(family), zone === undefined ? undefined : this.#lists.get(`%${zone}`)];
    return lists.some((list) => list?.check(plain, family));
  }
}
