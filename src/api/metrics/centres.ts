import type { Centres } from '../../centres/centres.ts';
import { type Metric, metric, type Sample } from './metric.ts';

/** Who answers for which partition of a stream that is shared. */
export function centreMetrics(centres: Centres): Metric[] {
  return [
    {
      name: 'headcount_partition_owner',
      help: '1 for the centre that answers for a partition of the stream, as this one knows it',
      labels: ['partition', 'centre'],
      samples: () =>
        centres
          .heard()
          .owners.flatMap(({ centre, partitions }) =>
            partitions.map((partition): Sample => [1, String(partition), centre]),
          ),
    },
    metric(
      'headcount_partitions_without_owner',
      'Partitions of the stream for which nobody answers, as this centre knows it',
      () => centres.heard().missing.length,
    ),
  ];
}
