/** rsyslog writes a control character as `#` and three octal digits. */
const ESCAPED_LENGTH = 4;

/**
 * The text without the control characters at its end, raw or as rsyslog escapes them (`#015`). They belong to the
 * transport. Spaces stay: ids may end in some.
 */
export function withoutLineEnd(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  // Nearly every line ends in a quote or a full stop.
  if (last === 39 || last === 46) return text;
  let end = text.length;
  for (let length = -1; length !== 0; end -= length) length = controlBefore(text, end);
  return end === text.length ? text : text.slice(0, end);
}

/** The length of the control character that ends at `end`; 0 where there is none. */
function controlBefore(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  if (last < 32 || last === 127) return 1;
  return last >= 48 && last <= 55 && isEscaped(text, end - ESCAPED_LENGTH) ? ESCAPED_LENGTH : 0;
}

function isEscaped(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 35) return false;
  const [high, middle, low] = [1, 2, 3].map((place) => text.charCodeAt(at + place) - 48) as [
    number,
    number,
    number,
  ];
  if (!(middle >= 0 && middle <= 7 && low >= 0 && low <= 7)) return false;
  return (high === 0 && middle <= 3) || (high === 1 && middle === 7 && low === 7);
}

/** Where the last escaped control characters of `text[from, to)` begin; -1 where there are none. */
export function lastEscaped(text: string, from: number, to: number): number {
  const part = text.slice(from, to);
  let at = part.lastIndexOf('#');
  while (at >= 0 && !isEscaped(part, at)) at = at === 0 ? -1 : part.lastIndexOf('#', at - 1);
  if (at < 0) return -1;
  while (isEscaped(part, at - ESCAPED_LENGTH)) at -= ESCAPED_LENGTH;
  return from + at;
}

/** What may end a line inside a unit of the transport: LF, CR, NUL and the record separator. */
const BREAK_CHARACTERS = ['\n', '\r', '\0', '\x1e'];
/** A run of them. */
export const BREAKS = new RegExp(`[${BREAK_CHARACTERS.join('')}]+`, 'g');

/** -1 where there is none. Not by the RegExp: looking for characters one after the other takes a tenth of the time. */
export function firstBreak(text: string): number {
  let first = -1;
  for (const character of BREAK_CHARACTERS) {
    const at = text.indexOf(character);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}
