import { QUALITY_REASONS, type QualityLevel, type QualityReason } from '../../contract/quality.ts';
import type { LikelyRange } from './balance.ts';
import { type Bounds, narrowed, type Range } from './bounds.ts';

/** How right a count is, and why it is no better. */
export interface QualityStatement {
  readonly quality: QualityLevel;
  readonly reasons: readonly QualityReason[];
  readonly bounds: Bounds;
}

/** What is not sure of a count of sessions and users. */
export interface Doubts {
  readonly reasons: Set<QualityReason>;
  /** Lines dropped before anybody could read whose they were, as far as they were counted. */
  readonly dropped: number;
  /** Sessions that lost lines may have opened, or ended for us alone; null where nobody can know. */
  hidden: number | null;
  /** Counted sessions and users that may not be there any more. */
  sessions: number;
  users: number;
  /** Snapshots agreed with what lines could not tell. */
  isReconciled: boolean;
}

const COUNTABLE: ReadonlySet<QualityReason> = new Set([
  'drops',
  'gap',
  'clock',
  'excluded',
  'lagging',
] as const);

/** Of these alone it is known how many lines are lost, and a line ends or opens one session at most. */
export function isCountable({ reasons }: Pick<Doubts, 'reasons'>): boolean {
  return [...reasons].every((reason) => COUNTABLE.has(reason));
}

export function statement(
  doubts: Doubts,
  sessions: number,
  users: number,
  likely: LikelyRange | null,
): QualityStatement {
  const { hidden, isReconciled } = doubts;
  const reasons = QUALITY_REASONS.filter((reason) => doubts.reasons.has(reason));
  const range = (count: number, unsure: number): Range => ({
    low: Math.max(0, count - unsure),
    high: hidden === null ? null : count + hidden,
  });
  const certain = { sessions: range(sessions, doubts.sessions), users: range(users, doubts.users) };
  const bounds = likely === null ? certain : narrowed(certain, likely, sessions, users);
  return { quality: levelOf(reasons, isReconciled), reasons, bounds };
}

function levelOf(reasons: readonly QualityReason[], isReconciled: boolean): QualityLevel {
  if (reasons.some((reason) => reason !== 'unnumbered')) return 'estimated';
  if (reasons.length > 0) return 'unverified';
  return isReconciled ? 'reconciled' : 'exact';
}
