import { ACCESS_DENIED, LOGIN_DENIED } from './message.ts';

/** What stands behind a syslog header, and the host that the header names. */
export interface SyslogText {
  readonly host: string | null;
  readonly text: string;
}

const PRIORITY = /^<\d{0,3}> ?/;
/**
 * RFC 3164, with a year or fractions of a second as network devices write them, and the ISO time that rsyslog's and
 * syslog-ng's own formats put in its place.
 */
const TIME =
  /^(?:[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: \d{4})?|\d{4}-\d\d-\d\d[T ][\d:.,+Z-]{5,30}):? +/;
const NOTHING_BEHIND = /^<\d{1,3}>\S*:\s*$/;
const WORD = /^(\S+) /;
const RFC_5424 = /^\d{1,2} \S+ (\S+) /;

/** The host that a header names: what stands behind the time, unless it is a tag (`sense:`, `sense[42]`). */
export function hostOfHeader(header: string): string | null {
  const priority = PRIORITY.exec(header)?.[0] ?? '';
  const rest = header.slice(priority.length);
  const time = TIME.exec(rest)?.[0];
  const named =
    time !== undefined ? WORD.exec(rest.slice(time.length)) : priority === '' ? null : RFC_5424.exec(rest);
  const host = named?.[1] ?? '-';
  return host === '-' || host.endsWith(':') || host.includes('[') ? null : host;
}

/**
 * Takes the header off a line that no prefix begins: a rejection, which begins with its sentence, or fields of which
 * the first is a host and has no space. Null where there is no header: neither a priority nor a time.
 */
export function withoutHeader(line: string): SyslogText | null {
  if (!PRIORITY.test(line) && !TIME.test(line)) return null;
  const host = hostOfHeader(line);
  const sentences = [ACCESS_DENIED, LOGIN_DENIED].map((sentence) => line.indexOf(sentence));
  const spokenAt = Math.min(...sentences.filter((at) => at >= 0));
  if (spokenAt < line.length) return { host, text: line.slice(spokenAt) };
  const fieldEnd = line.indexOf(';');
  if (fieldEnd < 0) return NOTHING_BEHIND.test(line) ? { host, text: '' } : null;
  const begin = line.slice(0, fieldEnd).replace(PRIORITY, '');
  return { host, text: line.slice(fieldEnd - begin.length + begin.lastIndexOf(' ') + 1) };
}
