import { crc32 } from 'node:zlib';

/** All that fit into a positive number of JavaScript's bitwise operators. */
const BITS = 31;

/**
 * 32 bits of a name, never 0, which stands for null. A name has another number in each generation of names, but always the
 * same mark. Different names may share one, so the name must be compared too.
 */
export function markOf(name: string | null): number {
  return name === null ? 0 : crc32(name) || 1;
}

/** One of 31 bits of a name, no bit for null: enough to tell the few hosts and virtual proxies of a site apart. */
export function bitOf(name: string | null): number {
  return name === null ? 0 : 1 << (markOf(name) % BITS);
}

/** Numbers below 2^32, in ascending order, as one blob. */
export function sortedNumbers(numbers: ReadonlySet<number>): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).sort().buffer);
}

/** Whether one of `numbers` is in a blob of `sortedNumbers`. */
export function hasAny(blob: Uint8Array, numbers: readonly number[]): boolean {
  const cells = numbersIn(blob);
  const least = cells[0] ?? 0;
  const most = cells.at(-1) ?? 0;
  return numbers.some((number) => number >= least && number <= most && has(cells, number));
}

/** What is in a blob of `sortedNumbers`. */
export function numbersIn(blob: Uint8Array): Uint32Array {
  return new Uint32Array(blob.buffer, blob.byteOffset, blob.byteLength / Uint32Array.BYTES_PER_ELEMENT);
}

/** Whether a number is among those in ascending order. */
export function has(cells: Uint32Array, number: number): boolean {
  let low = 0;
  let high = cells.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cells[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return cells[low] === number;
}
