/*
 * A ring of shared memory between the thread that reads a socket and the one that works. One thread writes and one
 * reads; neither ever waits for the other. The memory begins with numbers for `Atomics`; records follow. A record lies in
 * one piece, on a multiple of 8 bytes:
 *
 *   int32    length of its bytes, or WRAP: the next record is the first one of the memory
 *   int32    number of the sender; its complement in a record that says who the sender with this number is
 *   float64  when it arrived, in milliseconds since 1970 UTC; the port in a record about a sender
 *   bytes    the datagram; the address in a record about a sender
 *
 * How far a side has come is one number: the place, times two, plus the generation, which is 0 or 1. It changes when the
 * writer begins an empty ring anew. Then the reader is at the end of all that there was, so it needs no word to follow.
 */

const UNIT_BYTES = 8;
const HEADER_UNITS = 2;
/** Places of the numbers. What the writer changes and what the reader changes lie on different lines of the cache. */
const HEAD = 0;
const DROPPED = 1;
const TAIL = 32;
const ASLEEP = 33;
const CONTROL_UNITS = 32;
const WRAP = -1;
/** The count of dropped datagrams has 32 bits. */
const COUNTS = 2 ** 32;
/**
 * An empty ring is begun anew when its next place is beyond this. A ring that is emptied every few milliseconds then stays
 * within memory that is in the processor's cache, and the rest of it is never touched.
 */
const BEGIN_ANEW_BYTES = 262_144;

/** `bytes` are shared memory, and valid until the call returns. */
export type TakeDatagram = (bytes: Uint8Array, sender: number, arrivedAt: number) => void;
export type TakeSender = (sender: number, address: string, port: number) => void;

/** The memory of a ring, for a `RingWriter` in one thread and a `RingReader` in another. */
export function createRing(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_UNITS * UNIT_BYTES + bytes - (bytes % UNIT_BYTES));
}

/** The views that both sides have. */
class Ring {
  protected readonly control: Int32Array;
  protected readonly integers: Int32Array;
  protected readonly floats: Float64Array;
  protected readonly bytes: Buffer;
  /** In units, as all places are. */
  protected readonly capacity: number;

  constructor(memory: SharedArrayBuffer) {
    const start = CONTROL_UNITS * UNIT_BYTES;
    this.control = new Int32Array(memory, 0, start / 4);
    this.integers = new Int32Array(memory, start);
    this.floats = new Float64Array(memory, start);
    this.bytes = Buffer.from(memory, start);
    this.capacity = this.floats.length;
  }
}

/** The side that reads the socket. `wake` is called when the other side has gone to sleep and there is something for it. */
export class RingWriter extends Ring {
  readonly #wake: () => void;
  #head: number;
  #generation: number;

  /** Goes on where the writer before it was, if that has died: whole records are visible, half ones never. */
  constructor(memory: SharedArrayBuffer, wake: () => void) {
    super(memory);
    this.#wake = wake;
    const head = Atomics.load(this.control, HEAD);
    this.#head = head >> 1;
    this.#generation = head & 1;
  }

  /** Puts a datagram in. Where there is no room it is dropped and counted, and false is returned. */
  push(datagram: Uint8Array, sender: number, arrivedAt: number): boolean {
    if (this.#put(datagram, sender, arrivedAt)) return true;
    this.drop();
    return false;
  }

  /** Says who the sender of the datagrams with this number is, from the next one on. False where there is no room. */
  introduce(sender: number, address: string, port: number): boolean {
    return this.#put(Buffer.from(address, 'latin1'), ~sender, port);
  }

  /** Counts a datagram that finds no room. */
  drop(): void {
    Atomics.add(this.control, DROPPED, 1);
  }

  #put(bytes: Uint8Array, sender: number, number: number): boolean {
    const units = HEADER_UNITS + Math.ceil(bytes.length / UNIT_BYTES);
    const place = this.#placeFor(units);
    if (place < 0) return false;
    this.integers[place * 2] = bytes.length;
    this.integers[place * 2 + 1] = sender;
    this.floats[place + 1] = number;
    this.bytes.set(bytes, (place + HEADER_UNITS) * UNIT_BYTES);
    this.#head = place + units;
    Atomics.store(this.control, HEAD, this.#head * 2 + this.#generation);
    if (Atomics.load(this.control, ASLEEP) === 1) {
      Atomics.store(this.control, ASLEEP, 0);
      this.#wake();
    }
    return true;
  }

  /**
   * Where a record of so many units fits; negative for nowhere. One unit before the tail is always free, since equal places
   * mean an empty ring, and one at the end, for a WRAP.
   */
  #placeFor(units: number): number {
    const come = Atomics.load(this.control, TAIL);
    // A reader that has yet to follow into this generation is at its beginning.
    let tail = (come & 1) === this.#generation ? come >> 1 : 0;
    if (this.#head === tail && tail * UNIT_BYTES > BEGIN_ANEW_BYTES) {
      this.#generation = 1 - this.#generation;
      this.#head = 0;
      tail = 0;
    }
    const head = this.#head;
    if (head < tail) return head + units < tail ? head : -1;
    if (head + units < this.capacity) return head;
    if (units >= tail) return -1;
    this.integers[head * 2] = WRAP;
    return 0;
  }
}

/** The side that works. */
export class RingReader extends Ring {
  #tail = 0;
  #generation = 0;
  #dropped = 0;

  /** Datagrams that found no room, in all. */
  get dropped(): number {
    const counted = Atomics.load(this.control, DROPPED) >>> 0;
    this.#dropped += (counted - (this.#dropped % COUNTS) + COUNTS) % COUNTS;
    return this.#dropped;
  }

  /** Hands over at most so many records, in order of arrival. Returns how many they were. */
  drain(most: number, datagram: TakeDatagram, sender: TakeSender): number {
    const come = Atomics.load(this.control, HEAD);
    const head = come >> 1;
    if ((come & 1) !== this.#generation) {
      this.#generation = come & 1;
      this.#tail = 0;
    }
    let taken = 0;
    for (; taken < most && this.#tail !== head; taken += 1) {
      let place = this.#tail;
      if (this.integers[place * 2] === WRAP) place = 0;
      const length = this.integers[place * 2] as number;
      const number = this.integers[place * 2 + 1] as number;
      const start = (place + HEADER_UNITS) * UNIT_BYTES;
      const bytes = this.bytes.subarray(start, start + length);
      const value = this.floats[place + 1] as number;
      if (number >= 0) datagram(bytes, number, value);
      else sender(~number, bytes.toString('latin1'), value);
      this.#tail = place + HEADER_UNITS + Math.ceil(length / UNIT_BYTES);
      Atomics.store(this.control, TAIL, this.#tail * 2 + this.#generation);
    }
    return taken;
  }

  /** Asks to be woken by the next datagram. False where there is one already: nobody will wake whoever sleeps now. */
  sleep(): boolean {
    Atomics.store(this.control, ASLEEP, 1);
    if (Atomics.load(this.control, HEAD) === this.#tail * 2 + this.#generation) return true;
    Atomics.store(this.control, ASLEEP, 0);
    return false;
  }
}
