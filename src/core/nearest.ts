import { distance } from 'fastest-levenshtein';

/** The word that was probably meant, or null when none is close. */
export function nearest(word: string, known: readonly string[]): string | null {
  const lower = word.slice(0, 100).toLowerCase();
  const far = Math.max(2, Math.ceil(lower.length * 0.4)) + 1;
  let best: { readonly word: string | null; readonly distance: number } = { word: null, distance: far };
  for (const candidate of known) {
    const steps = distance(lower, candidate.toLowerCase());
    if (steps < best.distance) best = { word: candidate, distance: steps };
  }
  return best.word;
}
