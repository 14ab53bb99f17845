import type { Arrival } from '../contract/event.ts';
import { BREAKS, firstBreak, lastEscaped } from './line-ends.ts';
import type { ParsedLine, Refusal } from './parsed-line.ts';
import type { Prefixes } from './prefixes.ts';

/** Takes what came of one line, its text, and how its unit came. */
export type TakeLine = (line: ParsedLine | Refusal, text: string, arrival: Arrival) => void;

/** Hands every line of one transport unit to `take`, in order, and says how many there were. Never throws. */
export type UnitReader = (text: string, arrival: Arrival, take: TakeLine) => number;

export interface UnitParts {
  readonly parse: (text: string, arrival: Arrival) => ParsedLine | Refusal;
  readonly prefixes: Prefixes;
  /** Whether a line without a prefix begins so: the 2016 form, or a rejection's sentence. */
  readonly beginsBare: (line: string) => boolean;
}

/**
 * Reads units in which there may be several lines. A line ends at a control character behind which another one begins; a
 * message may hold any other newline. Without a control character between them the second one is refused: a browser
 * can call itself `x'/qseow-proxy-session/;...`, but it cannot send a newline. An ordinary line costs next to nothing here.
 */
export function createUnitReader(parts: UnitParts): UnitReader {
  const { parse, prefixes, beginsBare } = parts;
  const maySplit = (text: string) => prefixes.has(text, 1) || (firstBreak(text) >= 0 && beginsBare(text));
  return (text, arrival, take) => {
    const whole = parse(text, arrival);
    if (isPlain(whole) || !maySplit(text)) {
      take(whole, text, arrival);
      return 1;
    }
    let count = 0;
    for (const line of linesOf(text, parts)) {
      const read = parse(line, arrival);
      const [first, ...others] = gluedTo(line, read, prefixes);
      take(first === line ? read : parse(first, arrival), first, arrival);
      for (const other of others) take('glued_line', other, arrival);
      count += 1 + others.length;
    }
    return count;
  };
}

function isPlain(line: ParsedLine | Refusal): boolean {
  return typeof line !== 'string' && line.isPlain;
}

/** At least one. */
function linesOf(text: string, { prefixes, beginsBare }: UnitParts): string[] {
  const lines: string[] = [];
  let [start, end, from] = [0, 0, 0];
  let areBare: boolean | null = null;
  for (const { 0: ends, index } of [...text.matchAll(BREAKS), { 0: '', index: text.length }]) {
    const piece = text.slice(from, index);
    if (piece.trim() !== '') {
      const hasPrefix = prefixes.ofLine(piece) >= 0;
      if (end > 0 && (hasPrefix || (areBare === true && beginsBare(piece)))) {
        lines.push(text.slice(start, end));
        start = from;
      }
      if (end === 0) start = from;
      areBare ??= !hasPrefix && beginsBare(piece);
      end = index;
    }
    from = index + ends.length;
  }
  return end === 0 ? [text] : [...lines, text.slice(start, end)];
}

/** The line alone, and every line that is glued to it. A line that is refused anyway is not looked into. */
function gluedTo(line: string, read: ParsedLine | Refusal, prefixes: Prefixes): [string, ...string[]] {
  const own = prefixes.ofLine(line);
  if (own < 0 && typeof read === 'string') return [line];
  const ends: number[] = [];
  let from = own + 1;
  for (const at of prefixes.all(line, from)) {
    const escaped = lastEscaped(line, from, at);
    ends.push(escaped < 0 ? at : escaped);
    from = at + 1;
  }
  const others = ends.map((end, n) => line.slice(end, ends[n + 1] ?? line.length));
  return [line.slice(0, ends[0] ?? line.length), ...others];
}
