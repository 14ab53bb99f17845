/** A number in [0, 1), like `Math.random`. */
export type Random = () => number;

/**
 * mulberry32 by Tommy Ettinger (public domain), in the widely used JavaScript form by bryc:
 * https://github.com/bryc/code/blob/master/jshash/PRNGs.md. 32 bits of state: for play, not for secrets.
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number in [0, below). */
export function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}

export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

export function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[integer(random, items.length)] ?? items[0];
}

/** An index, earlier ones more likely: item i has about 1/(i+1) of the weight of item 0 (Zipf). */
export function zipfIndex(random: Random, count: number): number {
  return Math.min(count - 1, Math.floor((count + 1) ** random() - 1));
}

/** Log-normal with the given median: many short ones, a few very long ones (normal part by Box-Muller). */
export function logNormal(random: Random, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}

/** A random GUID; `prefix` (up to 8 hex digits) replaces its beginning. */
export function guid(random: Random, prefix = ''): string {
  const hex =
    prefix +
    Array.from({ length: 4 }, () => word(random))
      .join('')
      .slice(prefix.length);
  const fourth = '89ab'.charAt(integer(random, 4));
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    fourth + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

function word(random: Random): string {
  return Math.floor(random() * 4_294_967_296)
    .toString(16)
    .padStart(8, '0');
}
