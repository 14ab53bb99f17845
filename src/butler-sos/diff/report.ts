import { printable } from '../../contract/printable.ts';
import type { Difference, OurCause, Report, TheirCause } from './differences.ts';

const MOST_HOSTS = 100;

const THEIR_CAUSES: Readonly<Record<TheirCause, string>> = {
  excluded: 'its blacklist (userEvents.excludeUser) names the user',
  no_host: 'it has told of nothing on that host: its appenders are missing there, or send elsewhere',
  rate_limit: 'more came in a minute than it takes (rateLimit.maxMessagesPerMinute)',
  burst:
    'among 180 or more within a second: more than its receive buffer and its queue (messageQueue.maxSize) hold',
  lost: 'on the way: UDP, or MQTT with QoS 0; no other cause is to be seen',
};
const OUR_CAUSES: Readonly<Record<OurCause, string>> = {
  excluded: 'the blacklist of Headcount names the user, in any spelling',
  twice: 'it came through both appenders; Headcount counts it once',
  refused: 'Headcount takes it for no event',
  lost: 'on the way to Headcount: UDP; receivers[].kernelDropped and rowsMissing in /api/v1/ingest say more',
};

/** The report for people. `watchedMs`: for how long. */
export function reportText(report: Report, watchedMs: number): string {
  const { ours, theirs, both, own } = report;
  const lines = [
    `Compared for ${Math.round(watchedMs / 1_000)} s: Headcount ${ours} events, Butler SOS ${theirs}; ${both} are in both.`,
    ...(theirs === 0 && own > 0 ? [`All ${own} messages of the topic are Headcount's own.`] : []),
    ...section(`Not published by Butler SOS`, report.missingThere, THEIR_CAUSES),
    ...section(`Not taken by Headcount`, report.missingHere, OUR_CAUSES),
    ...asides(report),
    ...hostTable(report),
  ];
  return `${lines.map((line) => printable(line)).join('\n')}\n`;
}

function section<Cause extends string>(
  title: string,
  differences: readonly Difference<Cause>[],
  words: Readonly<Record<Cause, string>>,
): string[] {
  const total = differences.reduce((sum, { count }) => sum + count, 0);
  const lines = differences.flatMap(({ cause, count, samples }) => [
    `${String(count).padStart(7)}  ${words[cause]}`,
    ...samples.slice(0, 3).map((sample) => `           ${sample}`),
  ]);
  return ['', `${title}: ${total}`, ...lines];
}

function asides({ notInInflux, cut, notCompared, undecided, own }: Report): string[] {
  const empty = Object.entries(notInInflux);
  const lines = [
    ...empty.map(
      ([name, count]) =>
        `${count} with an empty ${name}: Butler SOS publishes them, and leaves them out of InfluxDB`,
    ),
    ...(cut > 0 ? [`${cut} with a field at the length at which Butler SOS cuts it`] : []),
    ...(notCompared > 0
      ? [`${notCompared} of Headcount were not compared: rejected sessions, and what polls and restarts tell`]
      : []),
    ...(undecided > 0 ? [`${undecided} are undecided: at the edges, or while one of both was away`] : []),
    ...(own > 0 ? [`${own} messages of the topic were Headcount's own, and were left out`] : []),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

function hostTable({ hosts }: Report): string[] {
  if (hosts.size === 0) return [];
  const some = [...hosts].sort(([, a], [, b]) => b.ours + b.theirs - a.ours - a.theirs).slice(0, MOST_HOSTS);
  const width = Math.max(4, ...some.map(([name]) => name.length));
  const row = (name: string, ...cells: readonly (string | number)[]) =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(10))].join(' ');
  return [
    '',
    row('host', 'Headcount', 'Butler SOS', 'both'),
    ...some.map(([name, { ours, theirs, both }]) => row(name, ours, theirs, both)),
    ...(hosts.size > some.length ? [`and ${hosts.size - some.length} more`] : []),
  ];
}

/** For programs. */
export function reportJson(report: Report, watchedMs: number): string {
  const { hosts, ...others } = report;
  return `${JSON.stringify({ watchedSeconds: watchedMs / 1_000, ...others, hosts: Object.fromEntries(hosts) })}\n`;
}
