import type { Arrival, RejectionReason, User } from '../contract/event.ts';
import { isNull, MAX_FIELD, orNull, parseInteger } from './fields.ts';
import { readHost } from './host.ts';
import { ACCESS_DENIED, keepMessage, LOGIN_DENIED } from './message.ts';
import { type Draft, draftLine, type ParsedLine, type Refusal } from './parsed-line.ts';

/** More sessions than this at once and Sense refuses the next one; the number is fixed in the product. */
const PARALLEL_SESSIONS = 5;
const MAX_SEARCHED = 4096;

// `Key: 'value'` or `Key: "value"`. Values are not escaped: `User: 'LAB\o'brien', with` ends at the quote
// before the comma. Bounded on both sides, because anyone can send such a line.
const USER = pair('User');
const SESSION_COUNT = pair('SessionCount');
const OPERATION = pair('OperationType');

function pair(key: string): RegExp {
  return new RegExp(`(?<![a-z])${key}:\\s{0,8}(['"])([^]{0,${MAX_FIELD}}?)\\1(?=[\\s,.;]|$)`, 'i');
}

function valueIn(key: RegExp, message: string): string | null {
  return key.exec(message.slice(0, MAX_SEARCHED))?.[2] ?? null;
}

export function isRejectionText(line: string): boolean {
  return line.startsWith(ACCESS_DENIED) || line.startsWith(LOGIN_DENIED);
}

/**
 * True for the texts of the repository's and the proxy's security audit that say that somebody was not let
 * in. `audited`: the line comes from the logger AuditSecurity, where the result code alone is enough.
 */
export function isRejection(message: string, result: number | null, audited: boolean): boolean {
  if (valueIn(OPERATION, message)?.toLowerCase() === 'timedout') return false;
  if (message.includes('UsageDenied') || isRejectionText(message)) return true;
  return audited && (result === 401 || result === 403);
}

/** Sets what a rejection has besides the fields. It is no session of ours, so it keeps no session key. */
export function readRejection(draft: Draft, message: string, command: string): void {
  draft.sessionKey = null;
  draft.user ??= userIn(message);
  draft.reason = reasonOf(message, draft.result, command.trim().toLowerCase());
  keepMessage(draft, message);
}

function reasonOf(message: string, result: number | null, command: string): RejectionReason {
  const count = parseInteger(valueIn(SESSION_COUNT, message) ?? '');
  if (count !== null && count >= PARALLEL_SESSIONS) return 'parallel_limit';
  if (message.startsWith(LOGIN_DENIED) || (command === 'license user access' && result === 403)) {
    return 'no_licence';
  }
  return command === 'login' ? 'authentication' : 'denied';
}

/** The `User: 'directory\id'` of a message. */
export function userIn(message: string): User | null {
  const named = valueIn(USER, message);
  if (named === null) return null;
  const slash = named.indexOf('\\');
  const id = named.slice(slash + 1);
  if (isNull(id)) return null;
  return { directory: slash < 0 ? null : orNull(named.slice(0, slash)), id };
}

/** The message of a rejection alone, as an appender with the pattern `%message` sends it. */
export function parseBareRejection(line: string, arrival: Arrival): ParsedLine | Refusal {
  if (!isRejection(line, null, false)) return 'not_user_event';
  const draft = draftLine('session_rejected', line, 0, arrival);
  readHost(draft, '', arrival);
  readRejection(draft, line, '');
  return draft;
}
