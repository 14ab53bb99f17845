import { Registry } from 'prom-client';
import { REFUSALS } from '../core/formats/index.ts';
import { QUALITY_REASONS } from '../core/quality.ts';
import type { ReceiverStats } from '../core/receiver.ts';
import { type Metric, metric, registerMetric } from './metric.ts';
import { hostMetrics } from './metrics-hosts.ts';
import { receiverMetrics } from './metrics-receivers.ts';
import { Rising } from './metrics-rising.ts';
import { sinkMetrics } from './metrics-sinks.ts';
import type { ApiParts } from './parts.ts';

/**
 * What `GET /metrics` answers. Counters begin at zero with the program and never fall; gauges are what is true at the
 * scrape. Nothing here names a user, and no scrape looks at single sessions.
 */
export function createMetrics(parts: ApiParts, receivers: () => readonly ReceiverStats[]): Registry {
  const registry = new Registry();
  const metrics = [
    ...receiverMetrics(receivers),
    ...ingestMetrics(parts),
    ...siteMetrics(parts),
    ...hostMetrics(parts),
    ...sinkMetrics(() => parts.sinks()),
    {
      name: 'headcount_build_info',
      help: 'The version that runs',
      labels: ['version'],
      samples: () => [[1, parts.version] as const],
    },
  ];
  for (const each of metrics) registerMetric(registry, each);
  return registry;
}

/** `received = accepted + duplicates + heartbeats + excluded + refused + in_flight`, each over all its labels. */
function ingestMetrics(parts: ApiParts): Metric[] {
  const { counters } = parts;
  return [
    metric('headcount_accepted_total', 'Events committed to the journal', () => counters.accepted),
    metric('headcount_duplicates_total', 'Events that had come before', () => counters.duplicates),
    metric('headcount_heartbeats_total', 'Signs of life', () => counters.heartbeats),
    metric('headcount_excluded_total', 'Events of users on the blacklist', () => counters.excluded),
    {
      name: 'headcount_refused_total',
      help: 'Messages that are no event or could not be taken, by reason',
      labels: ['reason'],
      // The parser's reasons from the beginning: the first of a kind is an increase too.
      samples: () =>
        Object.entries({ ...NONE_REFUSED, ...Object.fromEntries(counters.refused) }).map(
          ([reason, count]) => [count, reason],
        ),
    },
    metric('headcount_in_flight', 'Messages taken and not yet committed', () => parts.inFlight()),
    metric(
      'headcount_wrong_tokens_total',
      'Requests with a token that is not known',
      () => parts.wrongTokens.count,
    ),
    metric('headcount_journal_failing', '1 while commits do not succeed', () =>
      parts.journalTrouble() === null ? 0 : 1,
    ),
  ];
}

const NONE_REFUSED = Object.fromEntries(REFUSALS.map((reason) => [reason, 0]));

function siteMetrics({ site, now }: ApiParts): Metric[] {
  const { counts } = site;
  const { totals } = site.series;
  const tracked = site.tracker.counters;
  return [
    metric('headcount_sessions', 'Open sessions', () => counts.sessions),
    metric('headcount_users', 'Distinct users with an open session', () => counts.users),
    metric('headcount_connections', 'Open connections', () => counts.connections),
    metric('headcount_connected_users', 'Users with an open connection', () => counts.connectedUsers),
    rising('headcount_sessions_created_total', 'Sessions that began', () => totals.created),
    rising(
      'headcount_sessions_destroyed_total',
      'Sessions that ended; an end that a late line takes back stays counted',
      () => totals.destroyed,
    ),
    rising('headcount_sessions_rejected_total', 'Sessions that Sense refused', () => totals.rejected),
    rising('headcount_orphan_stops_total', 'Stops without a session', () => tracked.orphanStops),
    rising('headcount_orphan_closes_total', 'Closes without a connection', () => tracked.orphanCloses),
    rising(
      'headcount_key_mismatches_total',
      'Stops whose session key was not known',
      () => tracked.keyMismatches,
    ),
    metric('headcount_counts_estimated', '1 while the counts are estimates, 0 while they are exact', () =>
      site.quality.at(now()).quality === 'exact' ? 0 : 1,
    ),
    {
      name: 'headcount_counts_estimated_reason',
      help: '1 for each reason why the counts are estimates',
      labels: ['reason'],
      samples: () => {
        const { reasons } = site.quality.at(now());
        return QUALITY_REASONS.map((reason) => [reasons.includes(reason) ? 1 : 0, reason]);
      },
    },
  ];
}

/** A counter of what has happened since the program started, of a number that the store began. */
function rising(name: string, help: string, value: () => number): Metric {
  const counter = new Rising(value());
  return metric(name, help, () => counter.at(value()));
}
