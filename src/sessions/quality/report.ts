import type { EdgeReport, ReportedHost, ReportedQuality } from '../../contract/sites/forwarding.ts';
import type { Host } from '../session.ts';
import type { Site } from '../site.ts';
import type { Range } from './bounds.ts';
import type { QualityStatement } from './statement.ts';

/** A report has to fit into one message of NATS, whatever hosts are called. */
const MOST_HOSTS = 500;
/** Of those before, sessions would have ended by their age. */
const MOST_DOWNTIMES = 100;

/** What an edge says of itself. `head`: number of the latest event that was applied. */
export function reportOf(site: Site, head: number, now: number): EdgeReport {
  const look = site.quality.look(now);
  const { sessions, users } = site.counts;
  const hosts = [...site.identities.hosts.values()]
    .sort((a, b) => b.openSessions - a.openSessions || b.lastEventAt - a.lastEventAt)
    .slice(0, MOST_HOSTS);
  return {
    at: now,
    head,
    all: reported(look.all, sessions, users),
    hosts: hosts.map((host) => reportedHost(host, look.of(host))),
    downtimes: site.downtimes.list.slice(-MOST_DOWNTIMES),
  };
}

function reportedHost(host: Host, statement: QualityStatement): ReportedHost {
  const { name, reconciledAt, openSessions, openUsers, clock } = host;
  const clockOffsetMs = clock?.offsetMs ?? null;
  return { host: name, reconciledAt, clockOffsetMs, ...reported(statement, openSessions, openUsers) };
}

function reported(
  { quality, reasons, bounds }: QualityStatement,
  sessions: number,
  users: number,
): ReportedQuality {
  const above = ({ high }: Range, count: number) => (high === null ? null : Math.max(0, high - count));
  const [more, moreUsers] = [above(bounds.sessions, sessions), above(bounds.users, users)];
  return {
    quality,
    reasons,
    hidden: more === null || moreUsers === null ? null : Math.max(more, moreUsers),
    doubtfulSessions: Math.max(0, sessions - bounds.sessions.low),
    doubtfulUsers: Math.max(0, users - bounds.users.low),
  };
}
