import type { Arrival } from '../event.ts';
import { parseBareRejection } from './bare-rejection.ts';
import { MAX_FIELD } from './fields.ts';
import { parseFourFields } from './four-fields.ts';
import { parseHeadcount } from './headcount.ts';
import { normaliseHost } from './host.ts';
import type { LineParser, ParsedLine, Refusal, Via } from './parsed-line.ts';
import { parsePeer } from './peer.ts';
import { isRejectionText } from './rejection.ts';
import { parseRepository } from './repository.ts';
import { stripSyslog } from './syslog.ts';

export { decodeMessage } from './decode.ts';
export { type EventTime, eventTime } from './event-time.ts';
export { normaliseHost } from './host.ts';
export { type Fault, type ParsedLine, REFUSALS, type Refusal, type Via } from './parsed-line.ts';
export { rowOfRefused } from './refused-row.ts';

interface Format {
  /** As the shipped templates write it, up to the first `;`. */
  readonly prefix: string;
  readonly parse: LineParser;
  readonly via: Via | null;
}

/** Every line format that announces itself by a prefix. A new one is a file and a line here. */
const FORMATS: readonly Format[] = [
  { prefix: '/qseow-proxy-session/', parse: parsePeer, via: 'session' },
  { prefix: '/qseow-proxy-connection/', parse: parsePeer, via: 'connection' },
  { prefix: '/proxy-session/', parse: parsePeer, via: 'session' },
  { prefix: '/proxy-connection/', parse: parsePeer, via: 'connection' },
  { prefix: '/headcount/2', parse: parseHeadcount, via: null },
  { prefix: '/qseow-repository/', parse: parseRepository, via: null },
];
/** The peer's other logs, all refused: `/qseow-proxy/`, `/qseow-engine/`, ... A host may be called so too. */
const PEER_PREFIX = 'qseow-';

const MAX_CHARS = 65_535;
const MAX_PREFIX = 64;
const BY_NAME: ReadonlyMap<string, Format> = new Map(
  FORMATS.map((format) => [plainPrefix(format.prefix), format]),
);
/** One comparison is a third of a look-up in the map. Where two prefixes are equally long, the first is here. */
const BY_LENGTH: readonly (Format | undefined)[] = Array.from({ length: MAX_PREFIX }, (_, length) =>
  FORMATS.find((format) => format.prefix.length === length),
);

/** The event in one message, or why there is none. Takes any string, never throws. */
export function parseLine(text: string, arrival: Arrival): ParsedLine | Refusal {
  if (text.length > MAX_CHARS) return 'oversize';
  const prefixEnd = text.indexOf(';');
  if (prefixEnd > 0 && prefixEnd < MAX_PREFIX) {
    const format = BY_LENGTH[prefixEnd];
    if (format !== undefined && text.startsWith(format.prefix)) {
      return format.parse(text, prefixEnd + 1, arrival, format.via);
    }
  }
  return parseOddLine(text.trimStart(), arrival);
}

function parseOddLine(line: string, arrival: Arrival): ParsedLine | Refusal {
  if (line === '') return 'empty';
  if (line.startsWith('<')) {
    const syslog = stripSyslog(line);
    if (syslog === null) return 'unknown_format';
    return parseBare(syslog.text, sentBy(syslog.host, arrival));
  }
  return parseBare(line, arrival);
}

/** A relay's header names the node, the address does not: it stands in where the line names no host. */
function sentBy(headerHost: string | null, arrival: Arrival): Arrival {
  const address = headerHost === null ? '' : normaliseHost(headerHost);
  if (address === '' || address.length > MAX_FIELD) return arrival;
  return { receivedAt: arrival.receivedAt, sender: { address, port: arrival.sender.port } };
}

function parseBare(line: string, arrival: Arrival): ParsedLine | Refusal {
  if (line === '') return 'empty';
  if (isRejectionText(line)) return parseBareRejection(line, arrival);
  const prefixEnd = line.indexOf(';');
  if (prefixEnd > 0 && prefixEnd < MAX_PREFIX) {
    const prefix = plainPrefix(line.slice(0, prefixEnd));
    const format = BY_NAME.get(prefix);
    if (format !== undefined) return format.parse(line, prefixEnd + 1, arrival, format.via);
    if (line.startsWith('/') && prefix.startsWith(PEER_PREFIX)) return 'not_user_event';
  }
  return parseFourFields(line, arrival) ?? 'unknown_format';
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
