import { isNullIn } from './landmarks.ts';
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
