import type { Kind } from '../contract/event.ts';
import { cut, isNull } from './fields.ts';
import type { Draft } from './parsed-line.ts';

const MAX_MESSAGE = 4096;

/**
 * Sets user agent and message from `line[from..]`. `spoken` is what `sentenceEnd` said of it. A message that
 * only repeats the other fields is not kept: it would double what is stored about an event.
 */
export function readMessage(draft: Draft, line: string, from: number, spoken: number): void {
  // Behind the sentence, because a user may be called `UserAgent: 'x'`.
  const agentAt = findUserAgent(line, spoken < 0 ? from : spoken);
  if (agentAt < 0) {
    if (spoken >= 0 && isBlank(line, spoken, line.length)) draft.isPlain = true;
    else keepMessage(draft, line.slice(from));
    return;
  }
  const agentEnd = readUserAgent(draft, line, agentAt);
  if (spoken >= 0 && isBlank(line, spoken, agentAt) && isBlank(line, agentEnd, line.length)) return;
  draft.isPlain = false;
  keepMessage(draft, line.slice(from, agentAt).trimEnd() + line.slice(agentEnd));
}

export function keepMessage(draft: Draft, text: string): void {
  if (!isNull(text)) draft.message = cut(text.trim(), MAX_MESSAGE);
}

function findUserAgent(line: string, from: number): number {
  // Searching for a word costs more than all the separators of a line: look where it always is.
  if (line.startsWith(USER_AGENT, from + 2)) return from + 2;
  return line.length - from < USER_AGENT.length ? -1 : line.indexOf(USER_AGENT, from);
}

/**
 * Where the sentence at `from` ends that says no more than kind, user and session; -1 where the message
 * begins otherwise. A sentence found here proves that no `;` has shifted the fields before it.
 */
export function sentenceEnd(line: string, from: number, kind: Kind, directory: string, id: string): number {
  const sentence = SENTENCES[kind];
  if (namesUser(kind)) {
    return line.startsWith(sentence, from) ? namedUserEnd(line, from + sentence.length, directory, id) : -1;
  }
  // Words of their own stand before these two, so the sentence is found by the quote behind it.
  const open = line.indexOf("'", from);
  const at = open - sentence.length - 1;
  if (at < from || !line.startsWith(sentence, at) || line.charCodeAt(open - 1) !== 32) return -1;
  const separator = line.indexOf(';', from);
  if (separator >= 0 && separator < at) return -1;
  const close = line.indexOf("'", open + 1);
  return close < 0 ? -1 : close + 1;
}

function namedUserEnd(line: string, from: number, directory: string, id: string): number {
  const idAt = from + directory.length + 1;
  const end = idAt + id.length;
  if (
    line.charCodeAt(end) === 39 &&
    line.charCodeAt(idAt - 1) === 92 &&
    line.startsWith(directory, from) &&
    line.startsWith(id, idAt)
  ) {
    return end + 1;
  }
  // A null user prints `(null)` in its fields but nothing in the message.
  return isNull(id) && line.startsWith("\\'", from) ? from + 2 : -1;
}

/** True where nothing but dots and white space stands in `line[from, to)`. */
function isBlank(line: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = line.charCodeAt(i);
    if (code !== 46 && code !== 32 && code !== 13 && code !== 10 && code !== 9) return false;
  }
  return true;
}

/**
 * What the message of each kind contains. The first four are the filters of Butler SOS's shipped
 * `LocalLogConfig.xml`, so they are in every session and connection line that comes from it; the fifth is
 * the repository's text for a user with too many sessions.
 */
export const SENTENCES: Readonly<Record<Kind, string>> = {
  /** No line is one. */
  note: '\0',
  session_start: "Start session for user '",
  session_stop: "Stop session for user '",
  connection_open: 'connection Opened for session',
  connection_close: 'connection Closed for session',
  session_rejected: "Access was denied for User: '",
};

/** The two beginnings of a rejection's message. */
export const ACCESS_DENIED = 'Access was denied for User:';
export const LOGIN_DENIED = 'Login access denied for SessionID:';

/** True where the sentence goes on with `<directory>\<user>'`: what proves which fields are the user's. */
export function namesUser(kind: Kind): boolean {
  return kind !== 'connection_open' && kind !== 'connection_close';
}

/**
 * True where the message that starts at `from` starts as Sense starts it. Then no `;` has shifted the fields
 * before it: a shifted line has a piece of a field in front of the sentence, and a `;` behind that piece.
 */
export function startsAsMessage(line: string, from: number, kind: Kind): boolean {
  if (kind === 'session_rejected') {
    return line.startsWith(ACCESS_DENIED, from) || line.startsWith(LOGIN_DENIED, from);
  }
  const sentence = SENTENCES[kind];
  if (namesUser(kind)) return line.startsWith(sentence, from);
  // Words of their own stand before these two.
  const at = line.indexOf(sentence, from);
  return at >= 0 && line.lastIndexOf(';', at) < from;
}

export const USER_AGENT = 'UserAgent:';
const MAX_USER_AGENT = 1024;

/**
 * Sets the user agent that follows the marker at `markerAt`, and returns where its part of the line ends.
 * Sense quotes it without escaping, browsers put quotes in it, and log4net glues an exception behind it:
 * so it goes to the last quote of its own line. Where that is the only one, and the end, nothing else can be in it.
 */
export function readUserAgent(draft: Draft, line: string, markerAt: number): number {
  let from = markerAt + USER_AGENT.length;
  while (line.charCodeAt(from) === 32) from++;
  const isQuoted = line.charCodeAt(from) === 39;
  if (isQuoted) from++;
  let end = line.length - 1;
  let next = line.length;
  draft.isPlain = isQuoted && line.indexOf("'", from) === end && !mayHoldPrefix(line, from);
  if (!draft.isPlain) {
    end = endOfTextLine(line, from);
    next = end;
    const close = isQuoted ? line.lastIndexOf("'", end - 1) : -1;
    if (close >= from) {
      end = close;
      next = close + 1;
    }
  }
  const agent = line.slice(from, end);
  if (!isNull(agent)) draft.userAgent = cut(agent, MAX_USER_AGENT);
  return next;
}

/** False where no prefix can be in `line[from..]`: all of them end in `/;`, or in `/`, one character and `;`. */
function mayHoldPrefix(line: string, from: number): boolean {
  for (let at = line.indexOf(';', from); at >= 0; at = line.indexOf(';', at + 1)) {
    if (line.charCodeAt(at - 1) === 47 || line.charCodeAt(at - 2) === 47) return true;
  }
  return false;
}

function endOfTextLine(line: string, from: number): number {
  const lf = line.indexOf('\n', from);
  const end = lf < 0 ? line.length : lf;
  const cr = line.indexOf('\r', from);
  return cr < 0 || cr > end ? end : cr;
}
