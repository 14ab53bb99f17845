import { type Buffer, isUtf8 } from 'node:buffer';
import type { Arrival } from '../contract/event.ts';
import { parseButler2016, parseButlerSos } from './butler-sos.ts';
import { MAX_FIELD } from './fields.ts';
import { parseHeadcount } from './headcount.ts';
import { normaliseHost } from './host.ts';
import type { Format, ParsedLine, Refusal } from './parsed-line.ts';
import { isRejectionText, parseBareRejection } from './rejection.ts';
import { parseRepository } from './repository.ts';
import { stripSyslog } from './syslog.ts';

export { type EventTime, eventTime } from './event-time.ts';
export { numberOfRefused as rowOfRefused } from './headcount.ts';
export { normaliseHost } from './host.ts';
export { type Fault, type Format, type ParsedLine, REFUSALS, type Refusal, type Via } from './parsed-line.ts';

/** What `headcount doctor` sends: it takes the way of a line, is counted, and changes nothing. */
export const HEARTBEAT = '/headcount-heartbeat/;';

/** Whether a message that is no event is a sign of life. */
export function isHeartbeat(text: string): boolean {
  return text.startsWith(HEARTBEAT);
}

/** Every line format that announces itself by a prefix. A new one is a file and a line here. */
export const FORMATS: readonly Format[] = [
  { prefix: '/qseow-proxy-session/', parse: parseButlerSos, via: 'session' },
  { prefix: '/qseow-proxy-connection/', parse: parseButlerSos, via: 'connection' },
  { prefix: '/proxy-session/', parse: parseButlerSos, via: 'session' },
  { prefix: '/proxy-connection/', parse: parseButlerSos, via: 'connection' },
  { prefix: '/headcount/2', parse: parseHeadcount, via: null },
  { prefix: '/qseow-repository/', parse: parseRepository, via: null },
];
/** Butler SOS's other logs, all refused: `/qseow-proxy/`, `/qseow-engine/`, ... A host may be called so too. */
const BUTLER_PREFIX = 'qseow-';

const MAX_CHARS = 65_535;
const MAX_PREFIX = 64;

/** The event in one message, or why there is none. Takes any string, never throws. */
export type Parser = (text: string, arrival: Arrival) => ParsedLine | Refusal;

/** A parser of these formats, and of lines without a prefix. */
export function createParser(formats: readonly Format[]): Parser {
  const byName = new Map(formats.map((format) => [plainPrefix(format.prefix), format]));
  // One comparison is a third of a look-up in the map. Where two prefixes are equally long, the first is here.
  const byLength = Array.from({ length: MAX_PREFIX }, (_, length) =>
    formats.find((format) => format.prefix.length === length),
  );
  return (text, arrival) => {
    if (text.length > MAX_CHARS) return 'oversize';
    const prefixEnd = text.indexOf(';');
    if (prefixEnd > 0 && prefixEnd < MAX_PREFIX) {
      const format = byLength[prefixEnd];
      if (format !== undefined && text.startsWith(format.prefix)) {
        return format.parse(text, prefixEnd + 1, arrival, format.via);
      }
    }
    return parseOddLine(text.trimStart(), arrival, byName);
  };
}

export const parseLine = createParser(FORMATS);

type FormatsByName = ReadonlyMap<string, Format>;

function parseOddLine(line: string, arrival: Arrival, byName: FormatsByName): ParsedLine | Refusal {
  if (line === '') return 'empty';
  if (line.startsWith('<')) {
    const syslog = stripSyslog(line);
    if (syslog === null) return 'unknown_format';
    return parseBare(syslog.text, sentBy(syslog.host, arrival), byName);
  }
  return parseBare(line, arrival, byName);
}

/** A relay's header names the node, the address does not: it stands in where the line names no host. */
function sentBy(headerHost: string | null, arrival: Arrival): Arrival {
  const address = headerHost === null ? '' : normaliseHost(headerHost);
  if (address === '' || address.length > MAX_FIELD) return arrival;
  return { receivedAt: arrival.receivedAt, sender: { address, port: arrival.sender.port } };
}

function parseBare(line: string, arrival: Arrival, byName: FormatsByName): ParsedLine | Refusal {
  if (line === '') return 'empty';
  if (isRejectionText(line)) return parseBareRejection(line, arrival);
  const prefixEnd = line.indexOf(';');
  if (prefixEnd > 0 && prefixEnd < MAX_PREFIX) {
    const prefix = plainPrefix(line.slice(0, prefixEnd));
    const format = byName.get(prefix);
    if (format !== undefined) return format.parse(line, prefixEnd + 1, arrival, format.via);
    if (line.startsWith('/') && prefix.startsWith(BUTLER_PREFIX)) return 'not_user_event';
  }
  return parseButler2016(line, arrival) ?? 'unknown_format';
}

/** Case and slashes do not tell prefixes apart. */
function plainPrefix(text: string): string {
  const prefix = text.trim().toLowerCase();
  let from = 0;
  let to = prefix.length;
  while (from < to && prefix.charCodeAt(from) === 47) from++;
  while (to > from && prefix.charCodeAt(to - 1) === 47) to--;
  return prefix.slice(from, to);
}

const WINDOWS_1252 = new TextDecoder('windows-1252');
const BYTE_ORDER_MARK = 0xfeff;

/**
 * The text of one message, which is `bytes` from `start` to `end`: UTF-8 if the bytes are valid UTF-8, else
 * the ANSI code page that .NET Framework uses where the appender names no encoding. Null where the bytes are
 * UTF-16: nobody configured that.
 */
export function decodeMessage(bytes: Buffer, start = 0, end = bytes.length): string | null {
  if (looksLikeUtf16(bytes, start, end)) return null;
  const text = bytes.toString('utf8', start, end);
  // The decoder writes U+FFFD for a broken sequence, but U+FFFD may also have been sent: Sense's own
  // encoder puts it for a lone surrogate.
  if (text.indexOf('\ufffd') >= 0) {
    const message = bytes.subarray(start, end);
    if (!isUtf8(message)) return WINDOWS_1252.decode(message);
  }
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** By its byte order mark, or because every other one of the first bytes is NUL. */
function looksLikeUtf16(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2) return false;
  const first = bytes[start];
  const second = bytes[start + 1];
  if (first === 0xff && second === 0xfe) return true;
  if (first === 0xfe && second === 0xff) return true;
  if ((first === 0) === (second === 0) || end - start < 4) return false;
  const last = start + Math.min((end - start) & ~1, 16);
  for (let i = start + 2; i < last; i += 2) {
    if ((bytes[i] === 0) !== (first === 0) || (bytes[i + 1] === 0) !== (second === 0)) return false;
  }
  return true;
}
