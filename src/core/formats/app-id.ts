import { cut, nullableField } from './fields.ts';
import type { Draft } from './parsed-line.ts';

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
