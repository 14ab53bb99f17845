import type { Arrival, Kind } from '../contract/event.ts';
import {
  APP_ACCESS,
  fieldEnd,
  isKnownOrigin,
  kindOfCommand,
  MAX_FIELD,
  orNull,
  readContext,
  readUser,
} from './fields.ts';
import { readHost } from './host.ts';
import { readMessage, sentenceEnd, startsAsMessage } from './message.ts';
import { draftLine, type ParsedLine, type Refusal, type Via } from './parsed-line.ts';
import { locateTail } from './shifted-fields.ts';

/**
 * `host;command;directory;user;origin;context;message`: the appenders EventSession and EventConnection of the
 * `LocalLogConfig.xml` that Butler SOS ships (prefix `/qseow-proxy-session/`, `/qseow-proxy-connection/`) and
 * of Butler 5 (`/proxy-session/`, `/proxy-connection/`). No time, no number, no session id.
 */
export function parseButlerSos(
  line: string,
  bodyAt: number,
  arrival: Arrival,
  via: Via | null,
): ParsedLine | Refusal {
  const hostEnd = line.indexOf(';', bodyAt);
  const commandEnd = hostEnd < 0 ? -1 : line.indexOf(';', hostEnd + 1);
  if (commandEnd < 0) return 'missing_fields';
  const kind = kindOfCommand(line, hostEnd + 1, commandEnd);
  if (kind === null) return 'unknown_command';

  const directoryAt = commandEnd + 1;
  let directoryEnd = line.indexOf(';', directoryAt);
  let userEnd = directoryEnd < 0 ? -1 : line.indexOf(';', directoryEnd + 1);
  let originEnd = userEnd < 0 ? -1 : line.indexOf(';', userEnd + 1);
  if (originEnd < 0) return 'missing_fields';
  let contextEnd = fieldEnd(line, originEnd + 1);
  let directory = line.slice(directoryAt, directoryEnd);
  let id = line.slice(directoryEnd + 1, userEnd);
  let isKnown = isKnownOrigin(line, userEnd + 1, originEnd, true);
  let spoken = isKnown ? sentenceEnd(line, contextEnd + 1, kind, directory, id) : -1;
  if (spoken < 0 && !(isKnown && startsAsMessage(line, contextEnd + 1, kind))) {
    ({ directoryEnd, userEnd, originEnd, contextEnd } = locateTail(line, directoryAt, kind, true));
    directory = line.slice(directoryAt, directoryEnd);
    id = line.slice(directoryEnd + 1, userEnd);
    isKnown = false;
    spoken = sentenceEnd(line, contextEnd + 1, kind, directory, id);
  }
  if (
    hostEnd - bodyAt > MAX_FIELD ||
    directoryEnd - directoryAt > MAX_FIELD ||
    userEnd - directoryEnd > MAX_FIELD + 1 ||
    originEnd - userEnd > MAX_FIELD + 1
  ) {
    return 'field_too_long';
  }

  const draft = draftLine(kind, line, bodyAt, arrival, via);
  draft.layout = 'butler-sos';
  readHost(draft, line.slice(bodyAt, hostEnd), arrival);
  readUser(draft, directory, id);
  // Of the known origins one is no null, and its length tells it from the others.
  if (!isKnown) draft.origin = orNull(line.slice(userEnd + 1, originEnd));
  else if (originEnd - userEnd === APP_ACCESS.length + 1) draft.origin = APP_ACCESS;
  readContext(draft, line, originEnd + 1, contextEnd);
  readMessage(draft, line, contextEnd + 1, spoken);
  draft.isPlain &&= isKnown;
  return draft;
}

/** Whether the second of the fields is one of the four commands. */
export function isButler2016(line: string): boolean {
  const hostEnd = line.indexOf(';');
  return kindOf2016(line, hostEnd, line.indexOf(';', hostEnd + 1)) !== null;
}

function kindOf2016(line: string, hostEnd: number, commandEnd: number): Kind | null {
  if (commandEnd <= hostEnd || line.charCodeAt(0) === 47) return null;
  return kindOfCommand(line, hostEnd + 1, commandEnd);
}

/**
 * `host;command;directory;user`: the pattern Butler shipped in 2016, without prefix, filter or encoding. Null
 * where the line is not one: without a prefix only the command tells.
 */
export function parseButler2016(line: string, arrival: Arrival): ParsedLine | Refusal | null {
  const hostEnd = line.indexOf(';');
  const commandEnd = line.indexOf(';', hostEnd + 1);
  const kind = kindOf2016(line, hostEnd, commandEnd);
  if (kind === null) return null;
  const directoryEnd = line.indexOf(';', commandEnd + 1);
  if (directoryEnd < 0) return 'missing_fields';

  const directory = line.slice(commandEnd + 1, directoryEnd);
  // Nothing follows the user, so a `;` behind the directory is the user's own.
  const id = line.slice(directoryEnd + 1);
  if (hostEnd > MAX_FIELD || directory.length > MAX_FIELD || id.length > MAX_FIELD) return 'field_too_long';

  const draft = draftLine(kind, line, 0, arrival);
  draft.layout = 'butler-sos';
  readHost(draft, line.slice(0, hostEnd), arrival);
  readUser(draft, directory, id);
  return draft;
}
