import type { Arrival, NumberedLine } from '../contract/event.ts';
import { readRowNumber, readTime } from './event-time.ts';
import {
  fieldEnd,
  guidAt,
  isNull,
  kindOfCommand,
  MAX_FIELD,
  nullableField,
  parseInteger,
  readContext,
  readUser,
} from './fields.ts';
import { readHost } from './host.ts';
import { readMessage, sentenceEnd, startsAsMessage } from './message.ts';
import { type Draft, draftLine, type ParsedLine, type Refusal } from './parsed-line.ts';
import { isRejection, readRejection } from './rejection.ts';
import { locateTail } from './shifted-fields.ts';

/**
 * Our own layout, `appender/`: `rownum;time;host;command;result;ProxySessionId;ProxyPackageId;
 * RequestSequenceId;origin;ObjectId;directory;user;context;message`. The message is `%encodedmessage`:
 * its line ends are written as `\r\n` in four characters, and nothing undoes that, because the backslash of
 * `LAB\nils` is not escaped. The fields before the directory are Sense's own and hold no `;`.
 */
export function parseHeadcount(line: string, bodyAt: number, arrival: Arrival): ParsedLine | Refusal {
  const rowEnd = line.indexOf(';', bodyAt);
  const timeEnd = next(line, rowEnd);
  const hostEnd = next(line, timeEnd);
  const commandEnd = next(line, hostEnd);
  const resultEnd = next(line, commandEnd);
  const keyEnd = next(line, resultEnd);
  const packageEnd = next(line, keyEnd);
  const sequenceEnd = next(line, packageEnd);
  const originEnd = next(line, sequenceEnd);
  const objectEnd = next(line, originEnd);
  const directoryAt = objectEnd + 1;
  let directoryEnd = next(line, objectEnd);
  let userEnd = next(line, directoryEnd);
  if (userEnd < 0) return 'missing_fields';

  const command = kindOfCommand(line, hostEnd + 1, commandEnd);
  const kind = command ?? 'session_rejected';
  let contextEnd = fieldEnd(line, userEnd + 1);
  let directory = line.slice(directoryAt, directoryEnd);
  let id = line.slice(directoryEnd + 1, userEnd);
  let spoken = sentenceEnd(line, contextEnd + 1, kind, directory, id);
  const isStraight = spoken >= 0 || startsAsMessage(line, contextEnd + 1, kind);
  if (!isStraight) {
    ({ directoryEnd, userEnd, contextEnd } = locateTail(line, directoryAt, kind, false));
    directory = line.slice(directoryAt, directoryEnd);
    id = line.slice(directoryEnd + 1, userEnd);
    spoken = sentenceEnd(line, contextEnd + 1, kind, directory, id);
  }
  const result = parseInteger(line.slice(commandEnd + 1, resultEnd));
  if (command === null && !isRejection(line.slice(contextEnd + 1), result, true)) return 'unknown_command';
  if (
    hostEnd - timeEnd > MAX_FIELD + 1 ||
    keyEnd - resultEnd > MAX_FIELD + 1 ||
    originEnd - sequenceEnd > MAX_FIELD + 1 ||
    directoryEnd - directoryAt > MAX_FIELD ||
    userEnd - directoryEnd > MAX_FIELD + 1
  ) {
    return 'field_too_long';
  }

  const draft = draftLine(kind, line, bodyAt, arrival);
  readHost(draft, line.slice(timeEnd + 1, hostEnd), arrival);
  readTime(draft, line.slice(rowEnd + 1, timeEnd));
  readRowNumber(draft, line.slice(bodyAt, rowEnd));
  // Numbers restart when Sense reloads its configuration; together with the time in the same line they do not.
  draft.identified = draft.rowNumber !== null || !isNull(line.slice(packageEnd + 1, sequenceEnd));
  draft.result = result;
  readSessionKey(draft, line.slice(resultEnd + 1, keyEnd));
  readUser(draft, directory, id);
  draft.origin = nullableField(line, sequenceEnd + 1, originEnd);
  readContext(draft, line, userEnd + 1, contextEnd);
  draft.appId ??= guidAt(line, originEnd + 1);
  if (command === null) readRejection(draft, line.slice(contextEnd + 1), line.slice(hostEnd + 1, commandEnd));
  else {
    draft.layout = 'own';
    readMessage(draft, line, contextEnd + 1, spoken);
    draft.isPlain &&= isStraight;
  }
  return draft;
}

/** The separator after the one at `end`; -1 once they have run out. */
function next(line: string, end: number): number {
  return end < 0 ? -1 : line.indexOf(';', end + 1);
}

/** Scheduled reloads write `0`. */
function readSessionKey(draft: Draft, field: string): void {
  if (field !== '0' && !isNull(field)) draft.sessionKey = field;
}

const PREFIX = '/headcount/2;';
/** A relay's header comes before it. */
const MOST_CHARS = 1_000;

/** What a line of our own layout says of its place, if it says no more; null where it has no row number. */
export function numberOfRefused(text: string, arrival: Arrival): NumberedLine | null {
  const begin = text.slice(0, MOST_CHARS);
  const prefixAt = begin.indexOf(PREFIX);
  if (prefixAt < 0) return null;
  const [row = '', time = '', host = ''] = begin.slice(prefixAt + PREFIX.length).split(';', 3);
  const draft = draftLine('session_rejected', '', 0, arrival);
  readHost(draft, host, arrival);
  readTime(draft, time);
  readRowNumber(draft, row);
  return draft.rowNumber === null ? null : { ...draft, kind: null };
}
