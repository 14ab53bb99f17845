import type { Arrival } from '../contract/event.ts';
import { readTime } from './event-time.ts';
import { isKnownOrigin, isNull, MAX_FIELD, orNull, parseInteger, readContext, readUser } from './fields.ts';
import { readHost } from './host.ts';
import { draftLine, type ParsedLine, type Refusal } from './parsed-line.ts';
import { isRejection, readRejection, userIn } from './rejection.ts';

const MAX_SEPARATORS = 64;

/**
 * Butler SOS's log events of the repository service, its `LocalLogConfig.xml` for that service:
 * `rownum;iso date;date;level;host;logger;user;message;exception;directory;user id;command;result;origin;context`.
 * Only rejected sessions are events; the other rows of that log are somebody else's. The message may hold
 * `;`, so the line is read from both ends. The number is not kept: it counts rows that are not ours.
 */
export function parseRepository(line: string, bodyAt: number, arrival: Arrival): ParsedLine | Refusal {
  const ends: number[] = [];
  for (let at = line.indexOf(';', bodyAt); at >= 0 && ends.length < 7; at = line.indexOf(';', at + 1)) {
    ends.push(at);
  }
  const [rowEnd = 0, timeEnd = 0, , levelEnd = 0, hostEnd = 0, loggerEnd = 0, userEnd] = ends;
  if (userEnd === undefined) return 'missing_fields';
  const outcome = locateOutcome(line, userEnd);
  const rest = line.slice(userEnd + 1, outcome === null ? line.length : outcome.commandAt - 1);
  const result = outcome === null ? null : parseInteger(outcome.result);
  const audited = line.slice(hostEnd + 1, loggerEnd).startsWith('AuditSecurity');
  const user = outcome === null ? null : splitRest(rest);
  const message = user === null ? rest : user.message;
  if (!isRejection(message, result, audited)) return 'not_user_event';
  if (hostEnd - levelEnd > MAX_FIELD + 1) return 'field_too_long';
  if (user !== null && (user.directory.length > MAX_FIELD || user.id.length > MAX_FIELD))
    return 'field_too_long';

  const draft = draftLine('session_rejected', line, bodyAt, arrival);
  readHost(draft, line.slice(levelEnd + 1, hostEnd), arrival);
  readTime(draft, line.slice(rowEnd + 1, timeEnd));
  draft.result = result;
  if (user !== null) readUser(draft, user.directory, user.id);
  if (outcome !== null) {
    if (outcome.origin.length > MAX_FIELD) return 'field_too_long';
    draft.origin = orNull(outcome.origin);
    readContext(draft, outcome.context, 0, outcome.context.length);
  }
  readRejection(draft, message, outcome?.command ?? '');
  return draft;
}

interface Outcome {
  readonly commandAt: number;
  readonly command: string;
  readonly result: string;
  readonly origin: string;
  readonly context: string;
}

/**
 * `command;result;origin;context` at the end of the line: the last four fields, or, where the context holds
 * `;` or an exception is glued to it, the last number that a known origin follows.
 */
function locateOutcome(line: string, after: number): Outcome | null {
  const ends: number[] = [];
  for (let at = line.lastIndexOf(';'); at > after && ends.length < MAX_SEPARATORS; ) {
    ends.push(at);
    at = line.lastIndexOf(';', at - 1);
  }
  ends.push(after);
  for (let i = 0; i + 3 < ends.length; i++) {
    const [contextAt = 0, originAt = 0, resultAt = 0, commandAt = 0] = ends.slice(i, i + 4);
    const result = line.slice(resultAt + 1, originAt);
    const isNumber = parseInteger(result) !== null;
    const fits =
      i === 0 ? isNumber || isNull(result) : isNumber && isKnownOrigin(line, originAt + 1, contextAt, true);
    if (!fits) continue;
    return {
      commandAt: commandAt + 1,
      command: line.slice(commandAt + 1, resultAt),
      result,
      origin: line.slice(originAt + 1, contextAt),
      context: line.slice(contextAt + 1),
    };
  }
  return null;
}

/** `message;exception;directory;user id`, where the message's own `User:` proves which user holds a `;`. */
function splitRest(rest: string): { message: string; directory: string; id: string } {
  const named = userIn(rest);
  const directory = named?.directory ?? '';
  const proven = named !== null && rest.endsWith(`;${directory};${named.id}`);
  const idAt = proven ? rest.length - named.id.length : rest.lastIndexOf(';') + 1;
  const directoryAt = proven ? idAt - 1 - directory.length : rest.lastIndexOf(';', idAt - 2) + 1;
  const messageEnd = rest.lastIndexOf(';', directoryAt - 2);
  return {
    message: rest.slice(0, Math.max(messageEnd, 0)),
    directory: rest.slice(directoryAt, Math.max(idAt - 1, directoryAt)),
    id: rest.slice(idAt),
  };
}
