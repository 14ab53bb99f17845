import type { Arrival, Kind } from '../../src/contract/event.ts';
import { MAX_FIELD, readUser } from '../../src/formats/fields.ts';
import { readHost } from '../../src/formats/host.ts';
import { draftLine, type Format, type ParsedLine, type Refusal } from '../../src/formats/parsed-line.ts';

const KIND_OF: ReadonlyMap<string, Kind> = new Map([
  ['in', 'session_start'],
  ['out', 'session_stop'],
]);

/** What a logon gateway may write: `/logon/;host;in or out;directory;user id`. It knows neither a time nor a number. */
function parseLogon(line: string, bodyAt: number, arrival: Arrival): ParsedLine | Refusal {
  const [host = '', command = '', directory = '', id] = line.slice(bodyAt).split(';', 4);
  if (id === undefined) return 'missing_fields';
  const kind = KIND_OF.get(command);
  if (kind === undefined) return 'unknown_command';
  if ([host, directory, id].some((field) => field.length > MAX_FIELD)) return 'field_too_long';
  const draft = draftLine(kind, line, bodyAt, arrival);
  readHost(draft, host, arrival);
  readUser(draft, directory, id);
  return draft;
}

export const logonFormat: Format = { prefix: '/logon/', parse: parseLogon, via: null };
