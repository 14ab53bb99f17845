import type { Kind } from '../event.ts';

const KIND_OF: ReadonlyMap<string, Kind> = new Map([
  ['start session', 'session_start'],
  ['stop session', 'session_stop'],
  ['open connection', 'connection_open'],
  ['close connection', 'connection_close'],
]);

/** The kind that the command in `line[from, to)` stands for; null where it is none of the four. */
export function kindOfCommand(line: string, from: number, to: number): Kind | null {
  // The four have four lengths, so one comparison decides.
  switch (to - from) {
    case 13:
      if (line.startsWith('Start session', from)) return 'session_start';
      break;
    case 12:
      if (line.startsWith('Stop session', from)) return 'session_stop';
      break;
    case 15:
      if (line.startsWith('Open connection', from)) return 'connection_open';
      break;
    case 16:
      if (line.startsWith('Close connection', from)) return 'connection_close';
      break;
  }
  return to - from > 64 ? null : (KIND_OF.get(line.slice(from, to).trim().toLowerCase()) ?? null);
}
