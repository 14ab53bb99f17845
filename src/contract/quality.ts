/** From best to worst; docs/session-tracking.md says what each means. */
export const QUALITIES = ['exact', 'reconciled', 'unverified', 'estimated'] as const;
export type QualityLevel = (typeof QUALITIES)[number];

/**
 * Why lines did not get here. `warming_up`: it was before the store began. `restart`: the counter of a host began again,
 * so its proxy may have ended all sessions. `clock`: a line came, and its time kept it from the session that it was of.
 * `excluded`: lines came of users that were on the blacklist and are not any more.
 */
export const LOSS_REASONS = [
  'warming_up',
  'downtime',
  'drops',
  'gap',
  'restart',
  'clock',
  'excluded',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** Why a count is no better: lines were lost, or may be, or have yet to come. */
export const QUALITY_REASONS = [...LOSS_REASONS, 'site_silent', 'lagging', 'unnumbered'] as const;
export type QualityReason = (typeof QUALITY_REASONS)[number];
