import type { Kind } from '../contract/event.ts';
import { fieldEnd, isKnownOrigin, isNullIn, isPlausibleContext, MAX_FIELD } from './fields.ts';
import { namesUser, SENTENCES, USER_AGENT } from './message.ts';

// Bounds on the search, so that a line of nothing but `;` costs no more than a few others.
const MAX_SEPARATORS = 64;
const MAX_SENTENCES = 8;
const MAX_EVIDENCE = 4096;

/** Where the fields from the directory on end. Without an origin in the layout `originEnd` is `userEnd`. */
export interface Tail {
  readonly directoryEnd: number;
  readonly userEnd: number;
  readonly originEnd: number;
  readonly contextEnd: number;
}

/**
 * Finds the fields from the directory (at `from`) on in a line whose fields a `;` inside one of them may have
 * shifted: log4net escapes nothing. In this order it believes: the message that names the user; a known
 * origin and a context that looks like one before the message's sentence; the same without the sentence;
 * the fields as they are counted.
 */
export function locateTail(line: string, from: number, kind: Kind, hasOrigin: boolean): Tail {
  const ends = separators(line, from);
  return bySentence(line, from, ends, kind, hasOrigin) ?? byLandmarks(line, from, ends, hasOrigin);
}

function separators(line: string, from: number): number[] {
  const ends: number[] = [];
  for (
    let at = line.indexOf(';', from);
    at >= 0 && ends.length < MAX_SEPARATORS;
    at = line.indexOf(';', at + 1)
  ) {
    ends.push(at);
  }
  return ends;
}

/** The first sentence may stand in a hostile field, so each is tried until one fits the fields before it. */
function bySentence(line: string, from: number, ends: number[], kind: Kind, hasOrigin: boolean): Tail | null {
  const sentence = SENTENCES[kind];
  let at = line.indexOf(sentence, from);
  for (let tries = 0; at >= 0 && tries < MAX_SENTENCES; tries++) {
    const messageAt = line.lastIndexOf(';', at) + 1;
    const tail = namesUser(kind)
      ? byNamedUser(line, from, ends, messageAt, at + sentence.length, hasOrigin)
      : byContext(line, from, ends, messageAt, hasOrigin);
    if (tail !== null) return tail;
    at = line.indexOf(sentence, at + 1);
  }
  return null;
}

/** Directory and user are those that the message at `namedAt` repeats as `<directory>\<user>'`. */
function byNamedUser(
  line: string,
  from: number,
  ends: number[],
  messageAt: number,
  namedAt: number,
  hasOrigin: boolean,
): Tail | null {
  for (const [i, directoryEnd] of ends.entries()) {
    if (directoryEnd >= messageAt || directoryEnd - from > MAX_FIELD) break;
    const idAt = namedAt + directoryEnd - from + 1;
    if (line.charCodeAt(idAt - 1) !== 92 || !line.startsWith(line.slice(from, directoryEnd), namedAt))
      continue;
    for (let j = i + 1; j < ends.length; j++) {
      const userEnd = ends[j] ?? 0;
      const originEnd = hasOrigin ? (ends[j + 1] ?? line.length) : userEnd;
      if (originEnd >= messageAt - 1 || userEnd - directoryEnd > MAX_FIELD) break;
      const id = line.slice(directoryEnd + 1, userEnd);
      if (line.charCodeAt(idAt + id.length) !== 39 || !line.startsWith(id, idAt)) continue;
      return { directoryEnd, userEnd, originEnd, contextEnd: contextEnd(line, originEnd + 1, messageAt - 1) };
    }
  }
  return null;
}

/** The first place where everything between the origin and the message looks like a context. */
function byContext(
  line: string,
  from: number,
  ends: number[],
  messageAt: number,
  hasOrigin: boolean,
): Tail | null {
  for (let j = 1; j < ends.length; j++) {
    const userEnd = ends[j] ?? 0;
    const originEnd = hasOrigin ? (ends[j + 1] ?? line.length) : userEnd;
    if (originEnd >= messageAt - 1) break;
    if (hasOrigin && !isKnownOrigin(line, userEnd + 1, originEnd, false)) continue;
    if (!isPlausibleContext(line, originEnd + 1, messageAt - 1)) continue;
    const directoryEnd = splitUser(line, from, userEnd, messageAt);
    return { directoryEnd, userEnd, originEnd, contextEnd: messageAt - 1 };
  }
  const tail = counted(line, ends, hasOrigin);
  if (tail.originEnd >= messageAt - 1) return null;
  return { ...tail, contextEnd: contextEnd(line, tail.originEnd + 1, messageAt - 1) };
}

/** For messages that say nothing known. What a browser calls itself is no evidence. */
function byLandmarks(line: string, from: number, ends: number[], hasOrigin: boolean): Tail {
  const straight = counted(line, ends, hasOrigin);
  if (hasOrigin && isKnownOrigin(line, straight.userEnd + 1, straight.originEnd, true)) return straight;
  const agentAt = line.indexOf(USER_AGENT, from);
  const limit = agentAt < 0 ? line.length : agentAt;
  for (let j = hasOrigin ? 2 : 1; j < ends.length; j++) {
    const userEnd = ends[j] ?? 0;
    const originEnd = hasOrigin ? (ends[j + 1] ?? line.length) : userEnd;
    if (originEnd >= limit) break;
    if (hasOrigin && !isKnownOrigin(line, userEnd + 1, originEnd, false)) continue;
    const end = fieldEnd(line, originEnd + 1);
    if (!isPlausibleContext(line, originEnd + 1, end)) continue;
    return { directoryEnd: splitUser(line, from, userEnd, end), userEnd, originEnd, contextEnd: end };
  }
  return straight;
}

/** The fields where plain counting puts them. The parsers have made sure that they are there. */
function counted(line: string, ends: number[], hasOrigin: boolean): Tail {
  const directoryEnd = ends[0] ?? line.length;
  const userEnd = ends[1] ?? line.length;
  const originEnd = hasOrigin ? (ends[2] ?? line.length) : userEnd;
  return { directoryEnd, userEnd, originEnd, contextEnd: fieldEnd(line, originEnd + 1) };
}

/** A context that is null holds no `;`, so what follows it is the message's; any other may hold some. */
function contextEnd(line: string, from: number, messageSeparator: number): number {
  const end = fieldEnd(line, from);
  return isNullIn(line, from, end) ? end : messageSeparator;
}

/** Which `;` parts directory and user: the one the message proves, else the first. */
function splitUser(line: string, from: number, userEnd: number, messageAt: number): number {
  const first = line.indexOf(';', from);
  const message = line.slice(messageAt, messageAt + MAX_EVIDENCE);
  let at = line.indexOf(';', first + 1) < userEnd ? first : userEnd;
  for (; at < userEnd; at = line.indexOf(';', at + 1)) {
    if (message.includes(`'${line.slice(from, at)}\\${line.slice(at + 1, userEnd)}'`)) return at;
  }
  return first;
}
