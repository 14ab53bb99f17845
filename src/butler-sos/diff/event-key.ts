import type { Kind, User } from '../../contract/event.ts';
import { foldName } from '../../contract/fold-name.ts';
import { parseLine } from '../../formats/index.ts';

/** What is told of an event by both. */
export interface ToldEvent {
  readonly kind: Kind;
  readonly host: string;
  readonly user: User | null;
  readonly appId: string | null;
}

/** Equal for one event as either of them tells it: neither has an identity that the other one knows. */
export function keyOf({ kind, host, user, appId }: ToldEvent): string {
  const who = user === null ? '' : foldName(`${user.directory ?? ''}\\${user.id}`);
  return [kind, host, who, appId?.toLowerCase() ?? ''].join('\n');
}

/** A message of Butler SOS about an event. */
export interface TheirMessage {
  /** Null where Headcount's parser would refuse the line. */
  readonly event: ToldEvent | null;
  /** Why, in one word. */
  readonly refused: string | null;
  readonly messageType: string;
  /** Fields for want of which Butler SOS leaves an event out of InfluxDB. */
  readonly empty: readonly string[];
  /** It has cut a field. */
  readonly isCut: boolean;
  readonly user: { readonly directory: string; readonly id: string };
}

/** For a line that names no host the sender stands in, whom nobody knows here. */
const NOWHERE = { receivedAt: 0, sender: { address: '0.0.0.0', port: 0 } };
/** How long it leaves them. */
const CUT_AT = { host: 100, userDir: 100, userId: 100, origin: 200, context: 500, message: 1_000 } as const;
const NEEDED = ['host', 'command', 'userDir', 'userId', 'origin'] as const;

/**
 * Reads a message of the topic of everything. Null for what is none of Butler SOS; `own` for one of Headcount's sink.
 * Its fields, put together again, are the line: so it is read as Headcount reads lines.
 */
export function readMessage(text: string): TheirMessage | 'own' | null {
  const fields = fieldsOf(text);
  if (fields === null) return null;
  const { messageType, host, command, userDir, userId, origin, context, message } = fields;
  if (messageType === undefined || command === undefined) return null;
  if ('id' in fields && 'at' in fields) return 'own';
  const line = [`/${messageType}/`, host, command, userDir, userId, origin, context, message];
  const parsed = parseLine(line.map((field) => field ?? '').join(';'), NOWHERE);
  return {
    event: typeof parsed === 'string' ? null : parsed,
    refused: typeof parsed === 'string' ? parsed : null,
    messageType,
    empty: NEEDED.filter((name) => fields[name] === ''),
    isCut: Object.entries(CUT_AT).some(([name, most]) => fields[name]?.length === most),
    user: { directory: userDir ?? '', id: userId ?? '' },
  };
}

function fieldsOf(text: string): Readonly<Record<string, string | undefined>> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const texts = Object.entries(value).filter(([, field]) => typeof field === 'string');
    return Object.fromEntries(texts) as Record<string, string>;
  } catch {
    return null;
  }
}
