import type { ReceiverStats } from '../core/receiver.ts';
import type { Metric, Sample } from './metric.ts';

/** What each receiver did. Only messages are `received`; connections are counted apart. */
export function receiverMetrics(receivers: () => readonly ReceiverStats[]): Metric[] {
  /** A value for each receiver that knows it. */
  const known = (read: (stats: ReceiverStats) => number | null | undefined) => (): Sample[] =>
    receivers().flatMap((stats) => {
      const value = read(stats) ?? null;
      return value === null ? [] : [[value, stats.name]];
    });
  const labels = ['receiver'];
  return [
    {
      name: 'headcount_received_total',
      help: 'Datagrams, frames and items read, before any refusal',
      labels,
      samples: known(({ received }) => received),
    },
    {
      name: 'headcount_kernel_dropped_total',
      help: 'Datagrams the kernel threw away; absent where that cannot be known',
      labels,
      samples: known(({ kernelDropped }) => kernelDropped),
    },
    {
      name: 'headcount_receiver_connections',
      help: 'Connections that senders have open; nothing to do with those of Sense',
      labels,
      samples: known(({ connections }) => connections),
    },
    {
      name: 'headcount_receiver_refused_connections_total',
      help: 'Connections that were closed before anything was read: by address, by number, by TLS',
      labels,
      samples: known(({ refusedConnections }) => refusedConnections),
    },
    {
      name: 'headcount_receiver_refused_total',
      help: 'Datagrams, frames and connections that a receiver itself refused, by reason',
      labels: ['receiver', 'reason'],
      samples: () =>
        receivers().flatMap(({ name, refused = {} }) =>
          Object.entries(refused).map(([reason, count]): Sample => [count, name, reason]),
        ),
    },
  ];
}
