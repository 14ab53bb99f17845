/** What becomes of keys that Headcount has no use for: by how their paths begin, or what they hold; the first that fits. */
const REPLACED: readonly (readonly [keys: RegExp, by: string])[] = [
  [
    /^influxdbConfig\b|influxdb\b/i,
    'InfluxDB: QuestDB takes its place, with views of the same names (docs/questdb.md): sinks: [ { type: questdb } ]',
  ],
  [/^prometheus\b/, 'Prometheus: scrape /metrics of the API, port 9999 (docs/running.md)'],
  [
    /^newRelic\b|newRelic\b/i,
    'New Relic: nothing of its own; its Prometheus integration can scrape /metrics of the API',
  ],
  [/^logEvents\b/, 'log events and performance of the engine: nothing, they stay with Butler SOS'],
  [/^qlikSenseEvents\b/, 'counts of events: GET /api/v1/ingest and headcount_received_total in /metrics'],
  [
    /^userEvents\.udpServerConfig\.(?:messageQueue|rateLimit|maxMessageSize|queueMetrics)\b/,
    'queues and limits: nothing, since no queue drops events here; /api/v1/ingest counts what the kernel drops',
  ],
  [/^userEvents\.udpServerConfig\b/, 'address and senders that were not filled in: the receiver udp'],
  [/^userEvents\.tags\b/, 'tags: one Headcount for each environment, and "tags" of the sink mqtt'],
  [
    /^userSessions\b|^serversToMonitor\.servers\[\d+\]\.userSessions\b/,
    'polled sessions that were switched off or not filled in: the receiver qps (docs/polls.md)',
  ],
  [
    /^mqttConfig\b|^userEvents\.sendToMQTT\b/,
    'MQTT that was switched off or not filled in: sinks: [ { type: mqtt } ] (docs/mqtt.md)',
  ],
  [/^appNames\b/, 'names of apps that were switched off or not filled in: apps.qrs (docs/app-names.md)'],
  [/^cert\b/, 'certificates: for polls and names of apps, without a passphrase (docs/polls.md)'],
  [/^userEvents\.excludeUser\b/, 'rules that are not filled in: blacklist'],
  [
    /^serversToMonitor\b/,
    'health of the engines, tags and headers of servers: nothing, they stay with Butler SOS',
  ],
  [/^logdb\b/, 'the log database: nothing, Sense has it no longer'],
  [/^(?:heartbeat|dockerHealthCheck)\b/, 'health checks: ask /healthz or /readyz of the API'],
  [/^uptimeMonitor\b/, 'uptime and memory: /metrics of the API'],
  [/^configVisualisation\b/, 'the view of the configuration: headcount check'],
  [/^(?:fileLogging|logDirectory)\b/, 'log files: the log goes to standard output (docs/running.md)'],
  [/^(?:anonTelemetry|systemInfo)\b/, 'telemetry: Headcount has none'],
  [/^(?:crashFile|errorTracking)\b/, 'errors of the program itself: its log'],
];
const OTHERS = 'unknown to Headcount';

/** Paths by what takes their place, in the order of the table. */
export function byReplacement(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const by = Map.groupBy(paths, (path) => REPLACED.find(([keys]) => keys.test(path))?.[1] ?? OTHERS);
  const order = [...REPLACED.map(([, text]) => text), OTHERS];
  return new Map(
    order.flatMap((text) => {
      const found = by.get(text);
      return found === undefined ? [] : [[text, found] as const];
    }),
  );
}
