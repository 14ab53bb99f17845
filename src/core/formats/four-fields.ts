import type { Arrival } from '../event.ts';
import { kindOfCommand } from './command.ts';
import { MAX_FIELD, readUser } from './fields.ts';
import { readHost } from './host.ts';
import { draftLine, type ParsedLine, type Refusal } from './parsed-line.ts';

/**
 * `host;command;directory;user`: the pattern Butler shipped in 2016, without prefix, filter or encoding. Null
 * where the line is not one: without a prefix only the command tells.
 */
export function parseFourFields(line: string, arrival: Arrival): ParsedLine | Refusal | null {
  const hostEnd = line.indexOf(';');
  const commandEnd = hostEnd < 0 ? -1 : line.indexOf(';', hostEnd + 1);
  if (commandEnd < 0 || line.charCodeAt(0) === 47) return null;
  const kind = kindOfCommand(line, hostEnd + 1, commandEnd);
  if (kind === null) return null;
  const directoryEnd = line.indexOf(';', commandEnd + 1);
  if (directoryEnd < 0) return 'missing_fields';

  let end = line.length;
  while (line.charCodeAt(end - 1) === 10 || line.charCodeAt(end - 1) === 13) end--;
  const directory = line.slice(commandEnd + 1, directoryEnd);
  // Nothing follows the user, so a `;` behind the directory is the user's own.
  const id = line.slice(directoryEnd + 1, Math.max(end, directoryEnd + 1));
  if (hostEnd > MAX_FIELD || directory.length > MAX_FIELD || id.length > MAX_FIELD) return 'field_too_long';

  const draft = draftLine(kind, line, 0, arrival);
  draft.layout = 'peer';
  readHost(draft, line.slice(0, hostEnd), arrival);
  readUser(draft, directory, id);
  return draft;
}
