import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { ReceiverStats } from '../../contract/receiver.ts';
import { FAULTS, REFUSALS } from '../../formats/index.ts';
import type { ApiParts } from '../parts.ts';
import { TEXT } from '../schemas.ts';
import { centreMetrics } from './centres.ts';
import { edgeMetrics } from './edges.ts';
import { hostMetrics } from './hosts.ts';
import { type Metric, metric, Rising, registerMetric, type Sample, Scrape } from './metric.ts';
import { pollMetrics } from './polls.ts';
import { qualityMetrics } from './quality.ts';
import { sinkMetrics } from './sinks.ts';
import { stormMetrics } from './storms.ts';

/**
 * What `GET /metrics` answers. Counters begin at zero with the program and never fall; gauges are what is true at the
 * scrape. Nothing here names a user, and no scrape looks at single sessions.
 */
export function createMetrics(parts: ApiParts): Registry {
  const registry = new Registry();
  const scrape = new Scrape();
  const look = scrape.once(() => parts.site.quality.look(parts.now()));
  const metrics = [
    {
      name: 'headcount_build_info',
      help: 'The version that runs',
      labels: ['version'],
      samples: () => {
        // Metrics are asked in their order, so a scrape begins with the first.
        scrape.begin();
        return [[1, parts.version] as const];
      },
    },
    ...receiverMetrics(() => parts.receivers.map((receiver) => receiver.stats())),
    ...pollMetrics(() => parts.receivers.flatMap((receiver) => receiver.stats().polls ?? []), parts.now),
    ...edgeMetrics(() => parts.receivers.flatMap((receiver) => receiver.stats().edges ?? [])),
    ...(parts.centres === null ? [] : centreMetrics(parts.centres)),
    ...ingestMetrics(parts),
    ...siteMetrics(parts),
    ...qualityMetrics(look),
    ...hostMetrics(parts.site, look, scrape),
    ...stormMetrics(parts.storms, parts.site),
    ...sinkMetrics(() => parts.sinks()),
  ];
  for (const each of metrics) registerMetric(registry, each);
  return registry;
}

/** `received + further_lines = accepted + duplicates + heartbeats + excluded + refused + in_flight`, each over all its labels. */
function ingestMetrics(parts: ApiParts): Metric[] {
  const { counters } = parts;
  return [
    metric(
      'headcount_further_lines_total',
      'Lines behind the first one of a message that held several',
      () => counters.furtherLines,
    ),
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
    {
      name: 'headcount_faults_total',
      help: 'Lines with something wrong in them that were read all the same, by fault',
      labels: ['fault'],
      samples: () => FAULTS.map((fault) => [counters.faults.get(fault) ?? 0, fault]),
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

function siteMetrics({ site }: ApiParts): Metric[] {
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
  ];
}

/** A counter of what has happened since the program started, of a number that the store began. */
function rising(name: string, help: string, value: () => number): Metric {
  const counter = new Rising(value());
  return metric(name, help, () => counter.at(value()));
}

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
      name: 'headcount_ring_dropped_total',
      help: 'Datagrams thrown away because those before them still waited to be worked on',
      labels,
      samples: known(({ ringDropped }) => ringDropped),
    },
    {
      name: 'headcount_reading_thread_deaths_total',
      help: 'How often a thread that reads a socket has died; what came until it was started again is lost',
      labels,
      samples: known(({ threadDeaths }) => threadDeaths),
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

const description = {
  summary: 'Numbers for Prometheus',
  response: {
    200: {
      description: 'what came in, what is open, how far each sink is; never a user',
      content: { 'text/plain': { schema: TEXT } },
    },
  },
};

export function registerMetrics(app: FastifyInstance, parts: ApiParts): void {
  const own = createMetrics(parts);
  const registry = parts.processMetrics === null ? own : Registry.merge([own, parts.processMetrics]);
  app.get('/metrics', { schema: description }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
