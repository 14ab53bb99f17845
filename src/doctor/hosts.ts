import { type Finding, fail, ok, shortened, warn } from './finding.ts';
import type { RunningProgram } from './running-program.ts';

/** Weekends aside, somebody logs in within a day. */
const SILENT_MS = 86_400_000;
const CLOCK_OFF_SECONDS = 60;

/** What the lines of each node say about it: when the last one came, its clock, its layouts, what got lost. */
export function lookAtHosts({ ingest, counts }: RunningProgram): Finding[] {
  const now = Date.parse(counts.asOf);
  const { hosts, hostsTotal = hosts.length } = ingest;
  // An earlier version has them in its counts alone.
  const offsets = new Map(
    [...counts.hosts, ...hosts.filter(({ clockOffsetSeconds }) => clockOffsetSeconds !== undefined)].map(
      ({ host, clockOffsetSeconds = null }) => [host, clockOffsetSeconds],
    ),
  );
  if (hosts.length === 0) {
    const text = 'no line of any node has come yet, or all are forgotten';
    return [
      warn('hosts', text, 'put LocalLogConfig.xml on the nodes (headcount appender), and log in to the hub'),
    ];
  }
  return [
    ...(hostsTotal > hosts.length
      ? [
          ok(
            'hosts',
            `${hostsTotal} are known; these are the ${hosts.length} of which there is most to be said`,
          ),
        ]
      : []),
    ...shortened(hosts.map((each) => lastLine(each, offsets.get(each.host) ?? null, now))),
    ...shortened(hosts.flatMap(({ host }) => clockOf(host, offsets.get(host) ?? null))),
    ...shortened(gapsOf(hosts, counts.reasons.includes('gap'))),
    ...shortened(layoutsOf(hosts)),
    ...shortened(
      ingest.faultyHosts.map(({ host, fault, lines, remedy }) =>
        warn('faults', `${host}: lines with ${fault} since the program started: ${lines}`, remedy),
      ),
    ),
  ];
}

type HostState = RunningProgram['ingest']['hosts'][number];

function lastLine({ host, lastEventAt }: HostState, offset: number | null, now: number): Finding {
  const clock = offset === null ? '' : `; its clock is ${clockWords(offset)}`;
  if (lastEventAt === null) return ok('hosts', `${host}: its last line is not known any more${clock}`);
  const ago = now - Date.parse(lastEventAt);
  const text = `${host}: the last line is ${age(ago)} old${clock}`;
  if (ago < SILENT_MS) return ok('hosts', text);
  return warn(
    'hosts',
    text,
    'if people work there, look at its LocalLogConfig.xml and the firewalls on the way',
  );
}

function clockOf(host: string, offset: number | null): Finding[] {
  if (offset === null || Math.abs(offset) < CLOCK_OFF_SECONDS) return [];
  return [
    warn('clock', `${host}: its clock is ${clockWords(offset)}`, 'synchronise the clocks of both machines'),
  ];
}

/** `offset`: how much later lines arrive than they say. */
function clockWords(offset: number): string {
  if (Math.abs(offset) < 1) return 'right';
  return `${age(Math.abs(offset) * 1000)} ${offset > 0 ? 'behind' : 'ahead'}`;
}

function gapsOf(hosts: readonly HostState[], isRecent: boolean): Finding[] {
  const losing = hosts.filter(({ rowsMissing }) => rowsMissing !== null && rowsMissing > 0);
  const numbered = hosts.filter(({ rowsMissing }) => rowsMissing !== null);
  if (losing.length === 0) {
    return numbered.length === 0
      ? []
      : [ok('gaps', `no line of ${numbered.length} numbered hosts is missing`)];
  }
  return losing.map(({ host, rowsMissing }) => {
    const text = `${host}: ${rowsMissing} lines never came since the store began`;
    if (!isRecent) return ok('gaps', `${text}, none of them lately`);
    return warn(
      'gaps',
      `${text}, some lately`,
      'look at the network between, and at the receive buffer above',
    );
  });
}

function layoutsOf(hosts: readonly HostState[]): Finding[] {
  const both = hosts
    .filter(({ bothLayouts }) => bothLayouts)
    .map(({ host }) =>
      fail(
        'layouts',
        `${host} sends Headcount's own layout and that of Butler SOS here, so each event counts twice`,
        'leave one appender in its LocalLogConfig.xml that sends to this port',
      ),
    );
  const unnumbered = hosts
    .filter(({ rowsMissing, bothLayouts }) => rowsMissing === null && !bothLayouts)
    .map(({ host }) =>
      warn(
        'layouts',
        `${host}: its lines have no row numbers, so nobody sees if one is lost`,
        "send Headcount's own layout (headcount appender), or let Headcount ask the proxy (docs/polls.md)",
      ),
    );
  if (both.length + unnumbered.length > 0) return [...both, ...unnumbered];
  return [ok('layouts', 'every host sends one layout, with row numbers')];
}

/** Rules that were about nobody since the program started. */
export function lookAtBlacklist({ ingest: { blacklist } }: RunningProgram): Finding[] {
  const idle = blacklist.filter(({ seen }) => !seen);
  if (blacklist.length > 0 && idle.length === 0) {
    return [ok('blacklist', `each of ${blacklist.length} rules is about somebody who was seen`)];
  }
  return shortened(
    idle.map(({ directory, userId }) =>
      warn(
        'blacklist',
        `the rule ${directory}${userId === null ? '' : `\\${userId}`} is about nobody who was seen since the start`,
        'compare it with a name in the answer of /api/v1/sessions, or take it out',
      ),
    ),
  );
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
