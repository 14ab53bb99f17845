/** How bad it is: nothing to do, to be looked at, wrong. From the best to the worst. */
export const LEVELS = ['ok', 'warn', 'fail'] as const;
export type Level = (typeof LEVELS)[number];

/** One thing that was looked at, in one line. */
export interface Finding {
  readonly level: Level;
  /** What it is about, in one word. */
  readonly about: string;
  readonly text: string;
  /** What to do about it; null where nothing is to be done. */
  readonly remedy: string | null;
}

export function ok(about: string, text: string): Finding {
  return { level: 'ok', about, text, remedy: null };
}

export function warn(about: string, text: string, remedy: string): Finding {
  return { level: 'warn', about, text, remedy };
}

export function fail(about: string, text: string, remedy: string): Finding {
  return { level: 'fail', about, text, remedy };
}

export function worstOf(findings: readonly Finding[]): Level {
  return LEVELS.findLast((level) => findings.some((finding) => finding.level === level)) ?? 'ok';
}

/** So many lines about one thing are enough: whoever sends makes up names of hosts. */
const MOST_LINES = 20;

/** The worst of them, and how many more there are. */
export function shortened(findings: readonly Finding[]): Finding[] {
  if (findings.length <= MOST_LINES) return [...findings];
  const byLevel = findings.toSorted((one, other) => LEVELS.indexOf(other.level) - LEVELS.indexOf(one.level));
  const left = byLevel.slice(MOST_LINES);
  const { about = '', remedy = null } = left[0] ?? {};
  const level = worstOf(left);
  return [...byLevel.slice(0, MOST_LINES), { level, about, text: `the same of ${left.length} more`, remedy }];
}
