/** Senders remembered; more are forgotten all at once, since only forged ones are so many. */
const MOST = 10_000;

/** Gives each sender a number, so that a datagram need not carry its address. */
export class SenderNumbers {
  readonly #introduce: (sender: number, address: string, port: number) => boolean;
  #byAddress = new Map<string, Map<number, number>>();
  /** Of the address that sent last: nearly always the next one too. */
  #lastAddress = '';
  #lastPorts = new Map<number, number>();
  #next = 0;

  /** `introduce` says who has a number from now on; where it answers false, nobody has got it. */
  constructor(introduce: (sender: number, address: string, port: number) => boolean) {
    this.#introduce = introduce;
  }

  /** `address` as the socket gives it. Null where the sender is new and cannot be introduced. */
  of(address: string, port: number): number | null {
    if (address !== this.#lastAddress) {
      this.#lastPorts = this.#byAddress.get(address) ?? new Map();
      this.#lastAddress = address;
    }
    return this.#lastPorts.get(port) ?? this.#remember(address, port);
  }

  #remember(address: string, port: number): number | null {
    if (this.#next >= MOST) {
      this.#byAddress = new Map();
      this.#lastPorts = new Map();
      this.#next = 0;
    }
    if (!this.#introduce(this.#next, address, port)) return null;
    this.#byAddress.set(address, this.#lastPorts.set(port, this.#next));
    return this.#next++;
  }
}
