import type { Arrival } from '../contract/event.ts';
import { isButler2016, parseButler2016, parseButlerSos } from './butler-sos.ts';
import { MAX_FIELD } from './fields.ts';
import { parseHeadcount } from './headcount.ts';
import { normaliseHost } from './host.ts';
import { withoutLineEnd } from './line-ends.ts';
import type { Format, ParsedLine, Refusal } from './parsed-line.ts';
import { MAX_PREFIX, Prefixes } from './prefixes.ts';
import { isRejectionText, parseBareRejection } from './rejection.ts';
import { parseRepository } from './repository.ts';
import { hostOfHeader, withoutHeader } from './syslog.ts';
import { createUnitReader, type UnitReader } from './unit.ts';

export { decodeMessage } from './decode.ts';
export { type EventTime, eventTime } from './event-time.ts';
export { numberOfRefused as rowOfRefused } from './headcount.ts';
export { normaliseHost } from './host.ts';
export { wordsOf } from './line-words.ts';
export {
  FAULTS,
  type Fault,
  type Format,
  type ParsedLine,
  REFUSALS,
  type Refusal,
  type Via,
} from './parsed-line.ts';
export type { TakeLine } from './unit.ts';

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

/** As long as a frame of TCP can be (`maxFrame`); a datagram never is. */
const MAX_CHARS = 16 * 1_048_576;

/** The event in one message, or why there is none. Takes any string, never throws. */
export type Parser = (text: string, arrival: Arrival) => ParsedLine | Refusal;

/** What lines begin with: our formats, and what is refused for what it is. */
class KnownNames {
  readonly prefixes: Prefixes;
  readonly #byName: ReadonlyMap<string, Format>;

  constructor(formats: readonly Format[]) {
    this.#byName = new Map(formats.map((format) => [plainPrefix(format.prefix), format]));
    const known = [...formats.map(({ prefix }) => prefix), HEARTBEAT.slice(0, -1)];
    const names = new Set(known.map(plainPrefix));
    this.prefixes = new Prefixes(known, (name) => names.has(name) || name.startsWith(BUTLER_PREFIX));
  }

  /** A line that begins with a known prefix, however it is written, or with a rejection's sentence; else null. */
  parse(line: string, arrival: Arrival): ParsedLine | Refusal | null {
    if (isRejectionText(line)) return parseBareRejection(line, arrival);
    const prefixEnd = line.indexOf(';');
    if (prefixEnd <= 0 || prefixEnd >= MAX_PREFIX) return null;
    const prefix = plainPrefix(line.slice(0, prefixEnd));
    const format = this.#byName.get(prefix);
    if (format !== undefined) return format.parse(line, prefixEnd + 1, arrival, format.via);
    return line.startsWith('/') && prefix.startsWith(BUTLER_PREFIX) ? 'not_user_event' : null;
  }
}

/** A parser of these formats, and of lines without a prefix. */
export function createParser(formats: readonly Format[]): Parser {
  const names = new KnownNames(formats);
  // One comparison is a third of a look-up in the map. Where two prefixes are equally long, the first is here.
  const byLength = Array.from({ length: MAX_PREFIX }, (_, length) =>
    formats.find((format) => format.prefix.length === length),
  );
  return (text, arrival) => {
    if (text.length > MAX_CHARS) return 'oversize';
    const line = withoutLineEnd(text);
    const prefixEnd = line.indexOf(';');
    if (prefixEnd > 0 && prefixEnd < MAX_PREFIX) {
      const format = byLength[prefixEnd];
      if (format !== undefined && line.startsWith(format.prefix)) {
        return format.parse(line, prefixEnd + 1, arrival, format.via);
      }
    }
    return parseOddLine(line.replace(LEADING, ''), arrival, names);
  };
}

/** A reader of units in which there may be several lines of these formats. */
export function createReader(formats: readonly Format[]): UnitReader {
  return createUnitReader({
    parse: createParser(formats),
    prefixes: new KnownNames(formats).prefixes,
    beginsBare: (whole) => {
      const line = whole.replace(LEADING, '');
      const { text } = withoutHeader(line) ?? { text: line };
      return isRejectionText(text) || isButler2016(text);
    },
  });
}

export const parseLine = createParser(FORMATS);
export const readUnit = createReader(FORMATS);

/** White space, control characters and a byte order mark. */
const LEADING = /^[\s\p{Cc}\ufeff]+/u;

function parseOddLine(line: string, arrival: Arrival, names: KnownNames): ParsedLine | Refusal {
  if (line === '') return 'empty';
  const announced = names.parse(line, arrival);
  if (announced !== null) return announced;
  const prefixAt = names.prefixes.ofLine(line);
  if (prefixAt > 0) {
    const from = sentBy(hostOfHeader(line.slice(0, prefixAt)), arrival);
    return names.parse(line.slice(prefixAt), from) ?? 'unknown_format';
  }
  const bare = withoutHeader(line);
  if (bare === null) return parseButler2016(line, arrival) ?? 'unknown_format';
  if (bare.text === '') return 'empty';
  const from = sentBy(bare.host, arrival);
  return names.parse(bare.text, from) ?? parseButler2016(bare.text, from) ?? 'unknown_format';
}

/** A relay's header names the node, the address does not: it stands in where the line names no host. */
function sentBy(headerHost: string | null, arrival: Arrival): Arrival {
  const address = headerHost === null ? '' : normaliseHost(headerHost);
  if (address === '' || address.length > MAX_FIELD) return arrival;
  return { receivedAt: arrival.receivedAt, sender: { address, port: arrival.sender.port } };
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
