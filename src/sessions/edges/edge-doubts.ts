import type { ReportedQuality } from '../../contract/sites/forwarding.ts';
import { type LossWindow, sum } from '../doubt/loss-window.ts';
import type { Doubts } from '../quality/statement.ts';
import type { Host } from '../session.ts';
import type { EdgeSite } from './edge-site.ts';

/** A host of another site, and the losses on its way here that matter. */
export interface HostElsewhere {
  readonly host: Host;
  readonly windows: readonly LossWindow[];
}

/** What is not sure of the counts of one host: what its edge is not sure of, and what has not come from there. */
export function doubtsOfHost({ host, windows }: HostElsewhere, site: EdgeSite): Doubts {
  return together(site, site.ofHost(host.name), [{ host, windows }]);
}

/** The same of all hosts of a site, of which the edge may have more than are known here. */
export function doubtsOfSite(hosts: readonly HostElsewhere[], site: EdgeSite): Doubts {
  return together(site, site.overAll, hosts);
}

function together(site: EdgeSite, reported: ReportedQuality, hosts: readonly HostElsewhere[]): Doubts {
  const { lag } = site;
  const windows = hosts.flatMap((each) => each.windows);
  const reasons = new Set([...reported.reasons, ...windows.map(({ reason }) => reason)]);
  if (lag.reason !== null) reasons.add(lag.reason);
  const open = hosts.reduce((before, { host }) => before + host.openSessions, 0);
  const users = hosts.reduce((before, { host }) => before + host.openUsers, 0);
  const sure = hosts.reduce((before, { host }) => before + host.doubt.sessions, 0);
  const sureUsers = hosts.reduce((before, { host }) => before + host.doubt.users, 0);
  return {
    reasons,
    dropped: 0,
    hidden: windows.reduce(
      (lines: number | null, window) => sum(lines, window.lines),
      sum(reported.hidden, lag.events),
    ),
    sessions: Math.min(open, open - sure + reported.doubtfulSessions + (lag.events ?? open)),
    users: Math.min(users, users - sureUsers + reported.doubtfulUsers + (lag.events ?? users)),
    isReconciled: reported.quality === 'reconciled',
  };
}
