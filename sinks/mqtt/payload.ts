import Bowser from 'bowser';
import type { Kind } from '../../src/contract/event.ts';
import type {
  EventLineRow,
  LineWords,
  SessionCountsRow,
  UnfilteredSnapshotRow,
} from '../../src/contract/rows.ts';
import type { MqttConfig } from './mqtt.schema.ts';

/*
 * Payloads as Butler SOS publishes them, field for field and in its order; what is ours stands at the end. It takes control
 * characters out of every field. It cuts them, too (a message at 1,000 characters): that is not repeated here.
 */

/** What it takes the types of its two appenders for. */
const [SESSION, CONNECTION] = ['qseow-proxy-session', 'qseow-proxy-connection'];

interface PublishedKind {
  /** Its own topic, besides that for everything. */
  readonly topic: keyof MqttConfig['topics'];
  /** Of an event that no line told of. */
  readonly command: string;
  readonly type: string;
}

/** The kinds of events that are published; those that are not here are not. */
export const PUBLISHED: Readonly<Partial<Record<Kind, PublishedKind>>> = {
  session_start: { topic: 'sessionStart', command: 'Start session', type: SESSION },
  session_stop: { topic: 'sessionStop', command: 'Stop session', type: SESSION },
  connection_open: { topic: 'connectionOpen', command: 'Open connection', type: CONNECTION },
  connection_close: { topic: 'connectionClose', command: 'Close connection', type: CONNECTION },
  session_rejected: { topic: 'sessionRejected', command: 'Reject session', type: 'qseow-repository' },
};

/** Qlik's own placeholder. */
const NOT_AVAILABLE = 'Not available';
const UNKNOWN_APP = '<unknown app name>';
const MOST_AGENTS = 10_000;

interface Agent {
  readonly uaBrowserName?: string;
  readonly uaBrowserMajorVersion?: string;
  readonly uaOsName?: string;
  readonly uaOsVersion?: string;
}

/** Makes payloads of events. */
export class EventPayloads {
  readonly #tags: Readonly<Record<string, string>>;
  readonly #agents = new Map<string, Agent>();

  /** `tags`: what every payload has below `tags`. */
  constructor(tags: Readonly<Record<string, string>>) {
    this.#tags = tags;
  }

  of(row: EventLineRow, kind: PublishedKind): string {
    const fields = row.line === null ? fieldsOf(row, kind) : fieldsIn(row.line, kind.type);
    const { appName } = row;
    const appId = asWritten(row.appId, fields.context);
    return JSON.stringify({
      ...fields,
      tags: this.#tags,
      ...(appId === null ? {} : { appId, appName: appName ?? UNKNOWN_APP }),
      ...this.#agentOf(agentIn(fields.message) ?? row.userAgent),
      at: new Date(row.at).toISOString(),
      id: row.eventId,
      ...(row.kind === 'session_rejected' ? { reason: row.reason } : {}),
    });
  }

  #agentOf(userAgent: string | null): Agent {
    if (userAgent === null || userAgent === '') return {};
    const known = this.#agents.get(userAgent);
    if (known !== undefined) return known;
    const { browser, os } = Bowser.parse(userAgent);
    const major = /^\d+/.exec(browser.version ?? '')?.[0];
    const agent: Agent = {
      ...(browser.name ? { uaBrowserName: browser.name } : {}),
      ...(major ? { uaBrowserMajorVersion: major } : {}),
      ...(os.name ? { uaOsName: os.name } : {}),
      ...(os.version ? { uaOsVersion: os.version } : {}),
    };
    if (this.#agents.size >= MOST_AGENTS) this.#agents.clear();
    this.#agents.set(userAgent, agent);
    return agent;
  }
}

interface Fields {
  readonly messageType: string;
  readonly host: string;
  readonly command: string;
  readonly userDir: string;
  readonly userId: string;
  readonly origin: string;
  readonly context: string;
  readonly message: string;
}

function fieldsIn(line: LineWords, type: string): Fields {
  const prefix = line.prefix.toLowerCase().replaceAll('/', '');
  return {
    messageType: prefix === SESSION || prefix === CONNECTION ? prefix : type,
    host: plain(line.host),
    command: plain(line.command),
    userDir: plain(line.directory),
    userId: plain(line.userId),
    origin: plain(line.origin),
    context: plain(line.context),
    message: plain(line.message),
  };
}

function fieldsOf(row: EventLineRow, { type, command }: PublishedKind): Fields {
  return {
    messageType: type,
    host: row.host,
    command,
    userDir: row.user?.directory ?? '',
    userId: row.user?.id ?? '',
    origin: row.origin ?? NOT_AVAILABLE,
    context: row.context ?? NOT_AVAILABLE,
    message: row.message ?? '',
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROL = /[\u0000-\u001f\u007f]/g;

function plain(field: string): string {
  return field.replace(CONTROL, '');
}

/** Sense writes ids of apps in lower case, as a rule; as the context has it is how subscribers know it. */
function asWritten(appId: string | null, context: string): string | null {
  if (appId === null || context.includes(appId)) return appId;
  const at = context.toLowerCase().indexOf(appId);
  return at < 0 ? appId : context.slice(at, at + appId.length);
}

/** What follows the first `UserAgent:` of a message, without quotes; null where there is none. */
function agentIn(message: string): string | null {
  const agent = message.split('UserAgent:', 2)[1];
  return agent === undefined ? null : agent.trim().replaceAll("'", '');
}

/** A whole answer of QPS: indented as Butler SOS does it. */
export function answerPayload({ answer, sessions }: UnfilteredSnapshotRow): string {
  const list: unknown =
    answer === undefined
      ? sessions.map(({ id, user }) => {
          return { UserDirectory: user?.directory ?? '', UserId: user?.id ?? '', SessionId: id };
        })
      : JSON.parse(answer);
  return JSON.stringify(list, null, 2);
}

/** How many are on, of the whole site. */
export function countsPayload(row: SessionCountsRow): string {
  const { sessionsLow, sessionsHigh, usersLow, usersHigh } = row;
  return JSON.stringify({
    at: new Date(row.at).toISOString(),
    sessions: row.active,
    users: row.users,
    connections: row.connections,
    bounds: {
      sessions: { low: sessionsLow, high: sessionsHigh },
      users: { low: usersLow, high: usersHigh },
    },
  });
}
