/** Letters that lower case leaves as they are although case folding does not: `ß`, a final sigma, ligatures. */
const STILL_FOLDS = /\p{Changes_When_Casefolded}/gu;

/**
 * What names are compared by; they are kept as they came. Equal for two spellings of one name: in upper or lower case by
 * Unicode's full case folding (`Straße`, `STRASSE`), and with accents as letters of their own or not (NFC). Not for
 * letters that only look alike: `ı` is no `i`.
 */
export function foldName(name: string): string {
  const lower = name.toLowerCase();
  if (isAscii(lower)) return lower;
  // Composed first: some letters fold in another way than their parts do.
  const composed = name.normalize('NFC').toLowerCase();
  return composed.replace(STILL_FOLDS, (letter) => letter.toUpperCase().toLowerCase()).normalize('NFC');
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}
