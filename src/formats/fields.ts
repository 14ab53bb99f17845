import type { Kind } from '../contract/event.ts';
import type { Draft } from './parsed-line.ts';

/** Longer identities, hosts, origins and session keys than this are an attack or a broken line. */
export const MAX_FIELD = 1024;

/**
 * True for the three ways in which a field is unknown: log4net prints an absent property as `(null)`, Qlik
 * writes `Not available`, and an empty string prints nothing.
 */
export function isNull(field: string): boolean {
  if (field === '') return true;
  const first = field.charCodeAt(0);
  // Nearly every field starts with a letter or a slash; only these can start a null or be white space.
  if (first > 32 && first < 127 && first !== 40 && first !== 78) return false;
  const trimmed = field.trim();
  return trimmed === '' || trimmed === '(null)' || trimmed === 'Not available';
}

export function orNull(field: string): string | null {
  return isNull(field) ? null : field;
}

/** The field `line[from, to)`. Half of all origins and contexts are null: those are never cut out. */
export function nullableField(line: string, from: number, to: number): string | null {
  return isNullIn(line, from, to) ? null : orNull(line.slice(from, to));
}

/** At most `max` characters, never half of a surrogate pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** The end of the field that starts at `from`: the next `;` or the end of the line. */
export function fieldEnd(line: string, from: number): number {
  const end = line.indexOf(';', from);
  return end < 0 ? line.length : end;
}

/** A decimal integer that a double holds exactly; null for anything else. */
export function parseInteger(field: string): number | null {
  const text = field.charCodeAt(0) <= 32 || field.charCodeAt(field.length - 1) <= 32 ? field.trim() : field;
  const digits = text.charCodeAt(0) === 45 ? 1 : 0;
  if (text.length === digits || text.length > 15 + digits) return null;
  for (let i = digits; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return null;
  }
  return Number(text);
}

/** Without an id there is nobody; an id without a directory is still somebody. Ids keep their spaces. */
export function readUser(draft: Draft, directory: string, id: string): void {
  if (!isNull(id)) draft.user = { directory: orNull(directory), id };
}

const KIND_OF: ReadonlyMap<string, Kind> = new Map([
  ['start session', 'session_start'],
  ['stop session', 'session_stop'],
  ['open connection', 'connection_open'],
  ['close connection', 'connection_close'],
]);

/** The kind that the command in `line[from, to)` stands for; null where it is none of the four. */
export function kindOfCommand(line: string, from: number, to: number): Kind | null {
  // The four have four lengths, so one comparison decides.
  switch (to - from) {
    case 13:
      if (line.startsWith('Start session', from)) return 'session_start';
      break;
    case 12:
      if (line.startsWith('Stop session', from)) return 'session_stop';
      break;
    case 15:
      if (line.startsWith('Open connection', from)) return 'connection_open';
      break;
    case 16:
      if (line.startsWith('Close connection', from)) return 'connection_close';
      break;
  }
  return to - from > 64 ? null : (KIND_OF.get(line.slice(from, to).trim().toLowerCase()) ?? null);
}

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

const GUID_LENGTH = 36;
const MAX_CONTEXT = 2048;

/** Sets context and app from `line[from, to)`: `/app/<guid>?reloadUri=...`, maybe behind a virtual proxy. */
export function readContext(draft: Draft, line: string, from: number, to: number): void {
  const field = nullableField(line, from, to);
  if (field === null) return;
  draft.context = cut(field, MAX_CONTEXT);
  if (draft.context.length < GUID_LENGTH + 4) return;
  const guid = line.startsWith('/app/', from) ? guidAt(line, from + 5) : null;
  draft.appId = guid ?? appInPath(draft.context.toLowerCase());
}

/** The first GUID after an `app/`. A path may also say `/App/`, or have an `app/` before the one that counts. */
function appInPath(path: string): string | null {
  for (let at = path.indexOf('app/'); at >= 0; at = path.indexOf('app/', at + 4)) {
    const guid = guidAt(path, at + 4);
    if (guid !== null) return guid;
  }
  return null;
}

/** The GUID that starts at `from`, lower-cased; null where there is none or something longer. */
export function guidAt(text: string, from: number): string | null {
  const end = from + GUID_LENGTH;
  if (end > text.length) return null;
  let dashes = 0;
  let isUpper = false;
  for (let i = from; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 45) dashes++;
    else if (!isHexDigit(code)) return null;
    else if (code < 97 && code > 57) isUpper = true;
  }
  if (dashes !== 4 || !isDash(text, from + 8) || !isDash(text, from + 13)) return null;
  if (!isDash(text, from + 18) || !isDash(text, from + 23)) return null;
  if (end < text.length && (isDash(text, end) || isHexDigit(text.charCodeAt(end)))) return null;
  const guid = text.slice(from, end);
  // Sense writes lower case, and lowering a string costs as much as all of the above.
  return isUpper ? guid.toLowerCase() : guid;
}

function isDash(text: string, at: number): boolean {
  return text.charCodeAt(at) === 45;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}
