import type { Finding, Level } from './finding.ts';

const COLOURS: Readonly<Record<Level, number>> = { ok: 32, warn: 33, fail: 31 };
/** What a terminal would obey, or what turns the direction of writing: senders make up names. */
const OBEYED = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** One line for each finding, aligned; with colours for a terminal. */
export function reportOf(findings: readonly Finding[], hasColours: boolean): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  return findings
    .map(({ level, about, text, remedy }) => {
      const word = level.toUpperCase().padEnd(4);
      const shown = hasColours ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word;
      const sentence = remedy === null ? text : `${text}${/[.?!]$/.test(text) ? '' : '.'} To do: ${remedy}`;
      return `${shown}  ${about.padEnd(width)}  ${printable(sentence)}\n`;
    })
    .join('');
}

function printable(text: string): string {
  return text.toWellFormed().replace(OBEYED, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}
