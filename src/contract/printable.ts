const CONTROL = /\p{Cc}/gu;

/**
 * Text that a sender made up, for where people read it: control characters, which colour and move what a terminal shows, are
 * written `\u{1b}`. `kept`: those that may stay.
 */
export function printable(text: string, kept = ''): string {
  return text.replace(CONTROL, (character) =>
    kept.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
