import { Buffer } from 'node:buffer';

/** Size of every datagram, in bytes. */
export const LINE_BYTES = 330;
export type LineKind = 'start' | 'open' | 'close' | 'stop';

/** Width of the number in a user's id: every line has the same size. */
const USER_DIGITS = 7;
/** Width of the number in a session's id: the last group of a GUID. */
const SESSION_DIGITS = 12;
const USER_MARK = '#'.repeat(USER_DIGITS);
const SESSION_MARK = '@'.repeat(SESSION_DIGITS);
/** Different hosts, apps and user agents go by the user's number, so a Close names the app of its Open. */
const VARIANTS = 16;
const HOSTS = 2;
const COMMANDS = {
  start: 'Start session',
  open: 'Open connection',
  close: 'Close connection',
  stop: 'Stop session',
};

/** One kind of line with the places where its numbers stand: writing digits costs less than building text. */
interface Template {
  readonly bytes: Buffer;
  readonly users: readonly number[];
  readonly sessions: readonly number[];
}

/** The line of a user as Butler SOS's appenders send it. Session ids differ, as in life. */
function lineText(kind: LineKind, variant: number): string {
  const user = `user${USER_MARK}`;
  const host = `pro2-win${(variant % HOSTS) + 1}`;
  const agent = `UserAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/${120 + variant}.0.0.0 Safari/537.36`;
  const session = `50189a5d-f7a5-4e33-8de4-${SESSION_MARK}`;
  const isConnection = kind === 'open' || kind === 'close';
  const words = `WebSocket connection ${kind === 'open' ? 'Opened' : 'Closed'} for session '${session}'. ${agent}`;
  const text = isConnection
    ? `/qseow-proxy-connection/;${host};${COMMANDS[kind]};LAB;${user};AppAccess;/app/${appId(variant)};${words}`
    : `/qseow-proxy-session/;${host};${COMMANDS[kind]};LAB;${user};Not available;Not available;${COMMANDS[kind]} for user 'LAB\\${user}'. ${agent}`;
  return `${text.padEnd(LINE_BYTES - 1, '.')}'`;
}

function appId(variant: number): string {
  return `a421f4a2-c311-4ef4-ba41-${String(variant).padStart(12, '0')}`;
}

function createTemplate(text: string): Template {
  const bytes = Buffer.from(text);
  if (bytes.length !== LINE_BYTES) throw new Error(`a line of ${bytes.length} bytes: ${text}`);
  return { bytes, users: placesOf(text, USER_MARK), sessions: placesOf(text, SESSION_MARK) };
}

function placesOf(text: string, mark: string): number[] {
  return Array.from(text.matchAll(new RegExp(mark, 'g')), ({ index }) => index);
}

const templates = (kind: LineKind): Template[] =>
  Array.from({ length: VARIANTS }, (_, variant) => createTemplate(lineText(kind, variant)));

const TEMPLATES: Readonly<Record<LineKind, readonly Template[]>> = {
  start: templates('start'),
  open: templates('open'),
  close: templates('close'),
  stop: templates('stop'),
};

/** Fills `target` (LINE_BYTES long) with one line of the user with this number, in the session with that one. */
export function writeLine(target: Buffer, kind: LineKind, user: number, session: number): void {
  const template = TEMPLATES[kind][user % VARIANTS];
  if (template === undefined) throw new Error(`no line for user ${user}`);
  target.set(template.bytes);
  for (const at of template.users) writeDigits(target, at + USER_DIGITS, USER_DIGITS, user);
  for (const at of template.sessions) writeDigits(target, at + SESSION_DIGITS, SESSION_DIGITS, session);
}

function writeDigits(target: Buffer, end: number, width: number, number: number): void {
  let rest = number;
  for (let at = end - 1; at >= end - width; at -= 1) {
    target[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
