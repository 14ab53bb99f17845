import type { Arrival } from '../event.ts';
import { readContext } from './app-id.ts';
import { kindOfCommand } from './command.ts';
import { fieldEnd, MAX_FIELD, orNull, readUser } from './fields.ts';
import { readHost } from './host.ts';
import { APP_ACCESS, isKnownOrigin } from './landmarks.ts';
import { readMessage, sentenceEnd } from './message.ts';
import { draftLine, type ParsedLine, type Refusal, type Via } from './parsed-line.ts';
import { startsAsMessage } from './sentences.ts';
import { locateTail } from './shifted-fields.ts';

/**
 * `host;command;directory;user;origin;context;message`: the appenders EventSession and EventConnection of the
 * `LocalLogConfig.xml` that Butler SOS ships (prefix `/qseow-proxy-session/`, `/qseow-proxy-connection/`) and
 * of Butler 5 (`/proxy-session/`, `/proxy-connection/`). No time, no number, no session id.
 */
export function parsePeer(
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
  draft.layout = 'peer';
  readHost(draft, line.slice(bodyAt, hostEnd), arrival);
  readUser(draft, directory, id);
  // Of the known origins one is no null, and its length tells it from the others.
  if (!isKnown) draft.origin = orNull(line.slice(userEnd + 1, originEnd));
  else if (originEnd - userEnd === APP_ACCESS.length + 1) draft.origin = APP_ACCESS;
  readContext(draft, line, originEnd + 1, contextEnd);
  readMessage(draft, line, contextEnd + 1, spoken);
  return draft;
}
