import { MOMENT_QUALITIES, MOMENT_REASONS } from '../sessions/quality/past-quality.ts';

type Level = (typeof MOMENT_QUALITIES)[number];
type Reason = (typeof MOMENT_REASONS)[number];

interface Statement<Q, R> {
  readonly quality: Q;
  readonly reasons: readonly R[];
}

/**
 * No sum is better than the worst of what is in it, and it has the reasons of all. Where something is missing it is `estimated`, with the reason
 * `partial`. Null where nothing is said of any.
 */
export function worst<Q extends Level | null, R extends Reason>(
  parts: readonly Statement<Q, R>[],
  isPartial: boolean,
): Statement<Q | 'estimated', R | 'partial'> {
  const said = new Set<Level | null>(parts.map(({ quality }) => quality));
  if (isPartial) said.add('estimated');
  const reasons = new Set<Reason>(parts.flatMap((part) => part.reasons));
  if (isPartial) reasons.add('partial');
  return {
    quality: (MOMENT_QUALITIES.findLast((each) => said.has(each)) ?? null) as Q | 'estimated',
    reasons: MOMENT_REASONS.filter((reason) => reasons.has(reason)) as (R | 'partial')[],
  };
}
