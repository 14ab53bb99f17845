import { QUALITIES, QUALITY_REASONS } from '../../contract/quality.ts';
import type { QualityLook } from '../../sessions/quality/quality-look.ts';
import { type Metric, metric } from './metric.ts';

/** How right the numbers over all are, and what the truth about them lies between. */
export function qualityMetrics(look: () => QualityLook): Metric[] {
  const statement = () => look().all;
  const bounds = () => statement().bounds;
  return [
    metric(
      'headcount_sessions_low',
      'The least that the open sessions may truly be',
      () => bounds().sessions.low,
    ),
    metric(
      'headcount_sessions_high',
      'The most that the open sessions may truly be; absent where nobody can know',
      () => bounds().sessions.high,
    ),
    metric(
      'headcount_users_low',
      'The least that the users with an open session may truly be',
      () => bounds().users.low,
    ),
    metric(
      'headcount_users_high',
      'The most that the users with an open session may truly be; absent where nobody can know',
      () => bounds().users.high,
    ),
    {
      name: 'headcount_counts_quality',
      help: '1 for the quality of the counts, 0 for the others',
      labels: ['quality'],
      samples: () => {
        const { quality } = statement();
        return QUALITIES.map((each) => [each === quality ? 1 : 0, each]);
      },
    },
    metric('headcount_counts_estimated', '1 while the counts are estimates, 0 while they are exact', () =>
      statement().quality === 'exact' ? 0 : 1,
    ),
    {
      name: 'headcount_counts_estimated_reason',
      help: '1 for each reason why the counts are estimates',
      labels: ['reason'],
      samples: () => {
        const { reasons } = statement();
        return QUALITY_REASONS.map((reason) => [reasons.includes(reason) ? 1 : 0, reason]);
      },
    },
  ];
}
