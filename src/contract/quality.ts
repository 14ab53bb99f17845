/** From best to worst; docs/session-tracking.md says what each means. */
export const QUALITIES = ['exact', 'reconciled', 'unverified', 'estimated'] as const;
export type QualityLevel = (typeof QUALITIES)[number];

export const QUALITY_REASONS = [
  'warming_up',
  'downtime',
  'drops',
  'gap',
  'restart',
  'clock',
  'excluded',
  'site_silent',
  'lagging',
  'unnumbered',
] as const;
export type QualityReason = (typeof QUALITY_REASONS)[number];
