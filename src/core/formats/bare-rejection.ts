import type { Arrival } from '../event.ts';
import { readHost } from './host.ts';
import { draftLine, type ParsedLine, type Refusal } from './parsed-line.ts';
import { isRejection, readRejection } from './rejection.ts';

/** The message of a rejection alone, as an appender with the pattern `%message` sends it. */
export function parseBareRejection(line: string, arrival: Arrival): ParsedLine | Refusal {
  if (!isRejection(line, null, false)) return 'not_user_event';
  const draft = draftLine('session_rejected', line, 0, arrival);
  readHost(draft, '', arrival);
  readRejection(draft, line, '');
  return draft;
}
