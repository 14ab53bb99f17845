/** What stands behind a syslog header, and the host that the header names. */
export interface SyslogText {
  readonly host: string | null;
  readonly text: string;
}

const PRIORITY = /^<\d{1,3}>/;
/** RFC 3164, and the ISO time that rsyslog's own forwarding format puts in its place. */
const TIME = /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+Z-]{5,30}) /;

/**
 * Takes the header off: `<PRI>identity: text` (log4net's RemoteSyslogAppender, which sends neither time nor
 * host), RFC 3164 `<PRI>Mmm dd hh:mm:ss host tag: text`, RFC 5424 `<PRI>1 time host app process id data text`.
 * Null where it is none of them.
 */
export function stripSyslog(message: string): SyslogText | null {
  const priority = PRIORITY.exec(message);
  if (priority === null) return null;
  const rest = message.slice(priority[0].length);
  if (rest.startsWith('1 ')) return stripRfc5424(rest);
  const time = TIME.exec(rest);
  if (time === null) return stripTag(rest, null);
  const hostAt = time[0].length;
  const hostEnd = rest.indexOf(' ', hostAt);
  if (hostEnd < 0) return null;
  return stripTag(rest.slice(hostEnd + 1), rest.slice(hostAt, hostEnd));
}

function stripTag(rest: string, host: string | null): SyslogText | null {
  // A relay that made the header up from a bare datagram has no tag to write.
  if (rest.startsWith('/')) return { host, text: rest };
  const tagEnd = rest.indexOf(': ');
  return tagEnd < 0 ? null : { host, text: rest.slice(tagEnd + 2).trimStart() };
}

function stripRfc5424(rest: string): SyslogText | null {
  let at = 2;
  let hostAt = 0;
  let hostEnd = 0;
  for (let field = 0; field < 5; field++) {
    const end = rest.indexOf(' ', at);
    if (end <= at) return null;
    if (field === 1) {
      hostAt = at;
      hostEnd = end;
    }
    at = end + 1;
  }
  const dataEnd = rest[at] === '-' ? at + 1 : endOfElements(rest, at);
  if (dataEnd < 0 || rest[dataEnd] !== ' ') return null;
  const host = rest.slice(hostAt, hostEnd);
  // The byte order mark that the standard allows before the text counts as white space here.
  return { host: host === '-' ? null : host, text: rest.slice(dataEnd + 1).trimStart() };
}

/** The end of `[id name="value"]...`, in whose values `"`, `\` and `]` are escaped; -1 where it is broken. */
function endOfElements(rest: string, from: number): number {
  let at = from;
  while (rest[at] === '[') {
    let quoted = false;
    for (at++; quoted || rest[at] !== ']'; at++) {
      if (at >= rest.length) return -1;
      if (quoted && rest[at] === '\\') at++;
      else if (rest[at] === '"') quoted = !quoted;
    }
    at++;
  }
  return at === from ? -1 : at;
}
