const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** `250ms`, `5s`, `30m`, `24h`, `90d` or `1.5h` in whole milliseconds; null for anything else. `M` is no unit. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?(ms|s|m|h|d)$/.exec(text);
  return match === null ? null : scaled(match, DURATION_UNITS);
}

/** `10GB`, `512MB` (decimal), `4MiB` (binary) or `65535B` in whole bytes, in any case; null for anything else. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?((?:[kmgt]i?)?b)$/.exec(text.toLowerCase());
  return match === null ? null : scaled(match, SIZE_UNITS);
}

function scaled(match: RegExpExecArray, units: Readonly<Record<string, number>>): number | null {
  const value = Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(value) ? value : null;
}

/** Milliseconds in the largest unit that stays whole: 1800000 is `30m`. */
export function formatDuration(ms: number): string {
  return inLargestUnit(ms, DURATION_UNITS, ['d', 'h', 'm', 's', 'ms']);
}

/** Bytes in the largest unit that stays whole: 10000000000 is `10GB`, 4194304 is `4MiB`. */
export function formatSize(bytes: number): string {
  const units = ['TiB', 'TB', 'GiB', 'GB', 'MiB', 'MB', 'KiB', 'kB', 'B'];
  return inLargestUnit(bytes, SIZE_UNITS, units);
}

function inLargestUnit(value: number, units: Readonly<Record<string, number>>, names: string[]): string {
  for (const name of names) {
    const size = units[name.toLowerCase()] ?? 1;
    if (value >= size && value % size === 0) return `${value / size}${name}`;
  }
  return `${value}${names.at(-1) ?? ''}`;
}
