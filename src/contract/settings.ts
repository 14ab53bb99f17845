import { z } from 'zod';
import { isHost } from './host.ts';

/*
 * The kinds of value that the schemas of the configuration are made of. Each refuses with a message that
 * begins with `expected`; whoever reports it adds what was found instead.
 */

type Refuse = (expected: string) => undefined;

/** Whether an issue is about a value that must not be repeated. */
export function isSecret(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params === SECRET;
}

const SECRET = { secret: true };

function setting<T>(read: (input: unknown, refuse: Refuse) => T | undefined, params?: typeof SECRET) {
  return z.unknown().transform((input, context): T => {
    const refuse: Refuse = (expected) => {
      context.addIssue({ code: 'custom', message: `expected ${expected}`, input, params });
    };
    const value = read(input, refuse);
    return value === undefined ? z.NEVER : value;
  });
}

/** A whole number within bounds, both allowed. A number in quotes is refused. */
export function integer(min: number, max: number) {
  return setting<number>((input, refuse) => {
    const fits = typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max;
    return fits ? input : refuse(`integer ${min}-${max}`);
  });
}

/** The same from 0 on; `off` is another way to write 0. */
export function integerOrOff(max: number) {
  return setting<number>((input, refuse) => {
    if (input === 'off') return 0;
    const fits = typeof input === 'number' && Number.isInteger(input) && input >= 0 && input <= max;
    return fits ? input : refuse(`integer 0-${max} or off`);
  });
}

/** A port to listen on; 0 picks a free one. */
export function port() {
  return integer(0, 65535);
}

/** `true` or `false`. */
export function flag() {
  return setting<boolean>((input, refuse) => (typeof input === 'boolean' ? input : refuse('true or false')));
}

/** Text of one line that is not blank; `what` names it in the message. Numbers must be quoted. */
export function text(what: string) {
  return setting<string>((input, refuse) => readText(what, input, refuse));
}

/**
 * The URL of a server, as `read` gives it. `example` is for messages; `read` refuses with one by a string. Credentials have settings of their own, and
 * no message shows a URL that has some.
 */
export function serverUrl(example: string, read: (url: URL) => { readonly url: string } | string | null) {
  return text(`a URL such as "${example}"`).transform((input, context): string => {
    const refuse = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const parsed = URL.canParse(input) ? new URL(input) : null;
    // First, because the message about anything else shows the URL.
    if (parsed !== null && `${parsed.username}${parsed.password}` !== '') {
      return refuse('credentials go into "user" and "password", not into the URL');
    }
    const found = parsed === null ? null : read(parsed);
    if (found === null) return refuse(`expected a URL such as "${example}"`);
    return typeof found === 'string' ? refuse(found) : found.url;
  });
}

/** The same for passwords and tokens: no message repeats what was found. */
export function secret(what: string) {
  return setting<string>((input, refuse) => readText(what, input, refuse), SECRET);
}

function readText(what: string, input: unknown, refuse: Refuse): string | undefined {
  if (typeof input === 'number' || typeof input === 'boolean') return refuse(`${what} (put it in quotes)`);
  if (typeof input !== 'string' || input.trim() === '') return refuse(what);
  const printable = [...input].every((char) => char >= ' ' && char !== '\u007f');
  return printable ? input : refuse(`${what} without control characters`);
}

/** One of a few words, in exactly this spelling. */
export function oneOf<const T extends string>(...words: readonly T[]) {
  return setting<T>((input, refuse) => {
    return words.find((word) => word === input) ?? refuse(words.join(', ').replace(/, ([^,]*)$/, ' or $1'));
  });
}

/** An IP address or a host name, as written. */
export function host() {
  return setting<string>((input, refuse) => {
    const fits = typeof input === 'string' && isHost(input);
    return fits ? input : refuse('an IP address or a host name, without brackets or port');
  });
}

/** A duration with its unit, in milliseconds. Bounds are durations as text: `1s`, `20d`. */
export function duration(min = '1ms', max = '36500d') {
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  return setting<number>((input, refuse) => {
    const ms = typeof input === 'string' ? parseDuration(input) : null;
    if (ms === null) return refuse('a duration with a unit (ms, s, m, h, d) such as "30m"');
    if (ms >= least && ms <= most) return ms;
    return refuse(`a duration from ${formatDuration(least)} to ${formatDuration(most)}`);
  });
}

/** A size with its unit, or a whole number of bytes; in bytes. Bounds are sizes as text: `1MB`, `1GiB`. */
export function size(min: string, max: string) {
  const [least, most] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  return setting<number>((input, refuse) => {
    const bytes = typeof input === 'string' ? parseSize(input) : input;
    if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes)) {
      return refuse('a size such as "512MB" or "4MiB", or a number of bytes');
    }
    return bytes >= least && bytes <= most ? bytes : refuse(`a size from ${min} to ${max}`);
  });
}

/** Rules of users to disregard, as in `blacklist`. */
export function blacklistRules() {
  return z.array(
    z.strictObject({
      directory: text('a user directory such as INTERNAL'),
      userId: text('a user id').optional(),
    }),
  );
}

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
