import type { LineKind, User } from '../contract/event.ts';
import type { Person } from './people.ts';
import { guid, type Random } from './random.ts';
import type { Step } from './visit.ts';

export const LAYOUTS = ['butler-sos', 'headcount', 'item'] as const;
/** `butler-sos`: its two appenders. `headcount`: `/headcount/2`. `item`: one JSON object of `POST /api/v1/events`. */
export type Layout = (typeof LAYOUTS)[number];

/** One line as it leaves a node. `appender` names the log4net appender that sends it: one socket each. */
export interface Line {
  readonly appender: string;
  readonly text: string;
}

/** Renders an event as the line its node would log at `at`, milliseconds since 1970 on the node's clock. */
export type RenderLine = (event: LoggedEvent, at: number) => Line;

export interface LineOptions {
  readonly layout: Layout;
  /** Time zone of the nodes, as minutes east of UTC. */
  readonly utcOffsetMinutes: number;
  /** Begins the identity of every item: lines of two runs are never the same event. */
  readonly run: string;
}

const COMMANDS = {
  session_start: 'Start session',
  session_stop: 'Stop session',
  connection_open: 'Open connection',
  connection_close: 'Close connection',
} as const;

/** `%rownum{2147483647}` wraps here. */
const MAX_ROW = 2_147_483_647;
const NOT_AVAILABLE = 'Not available';

/** `rows` is the last row number of each host; where one is missing its counter begins at 1. */
export function createLineRenderer(
  options: LineOptions,
  random: Random,
  rows = new Map<string, number>(),
): RenderLine {
  if (options.layout === 'butler-sos') return renderButlerSos;
  if (options.layout === 'item') return createItemRenderer(options.run);
  return (event, at) => {
    const appender = event.host;
    const row = ((rows.get(appender) ?? 0) % MAX_ROW) + 1;
    rows.set(appender, row);
    return { appender, text: renderOwn(event, row, longIsoDate(at, options.utcOffsetMinutes), random) };
  };
}

function renderButlerSos(event: LoggedEvent): Line {
  const prefix = event.connection === null ? '/qseow-proxy-session/' : '/qseow-proxy-connection/';
  const { host, user } = event;
  const fields = [prefix, host, COMMANDS[event.kind], user.directory, user.id];
  fields.push(event.origin ?? NOT_AVAILABLE, event.context ?? NOT_AVAILABLE, messageOf(event));
  return { appender: `${host}${prefix}`, text: fields.join(';') };
}

/** Fields in the order of the `/headcount/2` layout; 0 is the Result of a command that worked. */
function renderOwn(event: LoggedEvent, row: number, date: string, random: Random): string {
  const { host, user, sessionKey } = event;
  const ids = [sessionKey, guid(random), guid(random)];
  const fields = ['/headcount/2', row, date, host, COMMANDS[event.kind], 0, ...ids];
  fields.push(event.origin ?? NOT_AVAILABLE, event.appId ?? '(null)', user.directory ?? '(null)', user.id);
  fields.push(event.context ?? NOT_AVAILABLE, messageOf(event));
  return fields.join(';');
}

function createItemRenderer(run: string): RenderLine {
  let items = 0;
  return (event, at) => {
    items += 1;
    const { kind: type, user, host, sessionKey: sessionId, appId, origin, context, userAgent } = event;
    const id = `${run}-${items}`;
    const item = { type, user, host, at: new Date(at).toISOString(), id, sessionId };
    const known = Object.entries({ appId, origin, context, userAgent }).filter(([, value]) => value !== null);
    return { appender: 'http', text: JSON.stringify({ ...item, ...Object.fromEntries(known) }) };
  };
}

function messageOf({ kind, connection, user, sessionKey, userAgent }: LoggedEvent): string {
  const verb = kind === 'connection_open' ? 'Opened' : 'Closed';
  const text =
    connection === null
      ? `${COMMANDS[kind]} for user '${user.directory}\\${user.id}'.`
      : `WebSocket connection ${verb} for session '${sessionKey}'.`;
  return userAgent === null ? text : `${text} UserAgent: '${userAgent}'`;
}

/** As Qlik's `%longIso8601date` prints it: `20240519T115549.898+0200`. */
export function longIsoDate(at: number, utcOffsetMinutes: number): string {
  const local = new Date(at + utcOffsetMinutes * 60_000).toISOString();
  const minutes = Math.abs(utcOffsetMinutes);
  const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${local.slice(0, -1).replaceAll(/[-:]/g, '')}${utcOffsetMinutes < 0 ? '-' : '+'}${hh}${mm}`;
}

/** What happened at the site. Times are milliseconds on the simulated clock. */
export interface SimulatedEvent {
  readonly kind: Exclude<LineKind, 'session_rejected'>;
  readonly at: number;
  readonly host: string;
  readonly virtualProxy: string;
  readonly user: User;
  /** True identity of the session; on the wire it is its `ProxySessionId`. */
  readonly sessionKey: string;
  /** Numbers the connections of a session from 1; `null` for a session event. */
  readonly connection: number | null;
  readonly appId: string | null;
  readonly origin: string | null;
  readonly context: string | null;
  readonly userAgent: string | null;
  /** True on the last event of a session whose user leaves without a log-out. */
  readonly abandons: boolean;
}

/** What a node's log can tell of it. */
export type LoggedEvent = Omit<SimulatedEvent, 'virtualProxy'>;

/** Whose event it is. */
interface Visitor {
  readonly person: Person;
  readonly user: User;
  readonly host: string;
  readonly virtualProxy: string;
  readonly key: string;
}

/** A step of a visit as an event; no step is the log-in. Stops and some Closes carry no user agent, as seen live. */
export function describe(
  visitor: Visitor,
  step: Step | null,
  appId: string | null,
  at: number,
  abandons: boolean,
): SimulatedEvent {
  const { host, virtualProxy, user, key: sessionKey, person } = visitor;
  const kind = step?.kind ?? 'session_start';
  const connection = step?.connection ?? null;
  const isQuiet = kind === 'session_stop' || (kind === 'connection_close' && (connection ?? 0) % 2 === 0);
  return {
    kind,
    at,
    host,
    virtualProxy,
    user,
    sessionKey,
    connection,
    appId,
    origin: appId === null ? null : 'AppAccess',
    context: appId === null ? null : contextOf(appId),
    userAgent: isQuiet ? null : person.userAgent,
    abandons,
  };
}

function contextOf(appId: string): string {
  return `/app/${appId}?reloadUri=https%3A%2F%2Fsense.example.com%2Fsense%2Fapp%2F${appId}`;
}
