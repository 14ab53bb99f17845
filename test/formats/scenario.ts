import type { Kind, User } from '../../src/contract/event.ts';
import { type Datagram, readJsonLines } from './line-cases.ts';

/** An event as it was meant, before any appender rendered it. */
export interface Intended {
  readonly n: number;
  readonly t: string;
  readonly host: string;
  readonly command?: string | null;
  readonly result?: string | null;
  readonly proxy_session_id?: string | null;
  readonly object_id?: string | null;
  readonly origin?: string | null;
  readonly context?: string | null;
  readonly user_directory?: string | null;
  readonly user_id?: string | null;
  readonly message?: string;
  readonly exception: boolean;
  readonly tags: readonly string[];
}

const KIND_OF: Readonly<Record<string, Kind>> = {
  'Start session': 'session_start',
  'Stop session': 'session_stop',
  'Open connection': 'connection_open',
  'Close connection': 'connection_close',
  'License user access': 'session_rejected',
};
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

export const intended: ReadonlyMap<number, Intended> = new Map(
  readJsonLines<Intended>('lines-log4net-scenario', 'scenario.jsonl').map((event) => [event.n, event]),
);

export function capture(name: string): Datagram[] {
  return readJsonLines<Datagram>(name, 'input.jsonl');
}

export function intendedOf(datagram: Datagram): Intended {
  const event = intended.get(datagram.scenario_n);
  if (event === undefined) throw new Error(`the scenario has no event ${datagram.scenario_n}`);
  return event;
}

export function kindOf(event: Intended): Kind | undefined {
  return KIND_OF[event.command ?? ''];
}

/** What a field is worth once it has been on the wire: .NET sends U+FFFD for half a surrogate pair. */
function value(field: string | null | undefined, carry: (text: string) => string): string | null {
  const text = carry((field ?? '').toWellFormed());
  return ['', '(null)', 'Not available'].includes(text.trim()) ? null : text;
}

/**
 * The fields that every layout carries. `carry` is what the appender does to text. A directory with `;` cannot
 * be told from the user's id where the message does not repeat it: in those lines the first `;` parts.
 */
export function carriedFields(event: Intended, carry = (text: string): string => text) {
  const context = value(event.context, carry);
  return {
    kind: kindOf(event),
    host: event.host.toLowerCase().split('.')[0],
    user: userOf(event, carry),
    origin: value(event.origin, carry),
    context,
    appId: GUID.exec(/\/app\/[^/?]*/.exec(context ?? '')?.[0] ?? '')?.[0] ?? null,
  };
}

function userOf(event: Intended, carry: (text: string) => string): User | null {
  const directory = value(event.user_directory, carry);
  const id = value(event.user_id, carry);
  if (id === null) return null;
  const separator = directory?.indexOf(';') ?? -1;
  if (directory === null || separator < 0 || !kindOf(event)?.startsWith('connection'))
    return { directory, id };
  return { directory: directory.slice(0, separator), id: `${directory.slice(separator + 1)};${id}` };
}

/** What only our own layout carries, but for the row number. */
export function ownFields(event: Intended) {
  const rejected = kindOf(event) === 'session_rejected';
  const { appId } = carriedFields(event);
  return {
    at: Date.parse(event.t),
    timed: true,
    originalAt: null,
    sessionKey: rejected ? null : value(event.proxy_session_id, (text) => text),
    result: Number(event.result),
    appId: appId ?? GUID.exec(event.object_id ?? '')?.[0] ?? null,
  };
}
