/** The one origin seen live that is no null. */
export const APP_ACCESS = 'AppAccess';

/**
 * What tells an origin or a context from a piece of a shifted field. Origins seen live: `AppAccess` on
 * connections, `Not available` on sessions. An unknown origin is allowed where nothing points elsewhere.
 */
export function isKnownOrigin(line: string, from: number, to: number, orEmpty: boolean): boolean {
  switch (to - from) {
    case 0:
      return orEmpty;
    case 6:
      return line.startsWith('(null)', from);
    case 9:
      return line.startsWith(APP_ACCESS, from);
    case 13:
      return line.startsWith('Not available', from);
    default:
      return false;
  }
}

/** True for an empty field, `(null)` and `Not available`, exactly. */
export function isNullIn(line: string, from: number, to: number): boolean {
  return isKnownOrigin(line, from, to, true) && to - from !== 9;
}

/** A context is a path into Sense, or null. */
export function isPlausibleContext(line: string, from: number, to: number): boolean {
  if (isNullIn(line, from, to)) return true;
  if (line.charCodeAt(from) === 47) return to > from;
  if (line.startsWith('app/', from)) return to - from >= 4;
  return isPage(line, from, to, 'hub') || isPage(line, from, to, 'qmc');
}

/** `hub` or `hub/...`, but not the user `hubert`. */
function isPage(line: string, from: number, to: number, page: string): boolean {
  const end = from + page.length;
  if (end > to || !line.startsWith(page, from)) return false;
  const next = line.charCodeAt(end);
  return end === to || next === 47 || next === 63 || next === 35;
}
