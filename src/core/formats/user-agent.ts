import { cut, isNull } from './fields.ts';
import type { Draft } from './parsed-line.ts';

export const USER_AGENT = 'UserAgent:';
const MAX_USER_AGENT = 1024;

/**
 * Sets the user agent that follows the marker at `markerAt`, and returns where its part of the line ends.
 * Sense quotes it without escaping, browsers put quotes in it, and log4net glues an exception behind it:
 * so it goes to the last quote of its own line.
 */
export function readUserAgent(draft: Draft, line: string, markerAt: number): number {
  let from = markerAt + USER_AGENT.length;
  while (line.charCodeAt(from) === 32) from++;
  const lineEnd = endOfTextLine(line, from);
  let end = lineEnd;
  let next = lineEnd;
  if (line.charCodeAt(from) === 39) {
    from++;
    const close = line.charCodeAt(lineEnd - 1) === 39 ? lineEnd - 1 : line.lastIndexOf("'", lineEnd - 1);
    if (close >= from) {
      end = close;
      next = close + 1;
    }
  }
  const agent = line.slice(from, end);
  if (!isNull(agent)) draft.userAgent = cut(agent, MAX_USER_AGENT);
  return next;
}

function endOfTextLine(line: string, from: number): number {
  const lf = line.indexOf('\n', from);
  const end = lf < 0 ? line.length : lf;
  const cr = line.indexOf('\r', from);
  return cr < 0 || cr > end ? end : cr;
}
