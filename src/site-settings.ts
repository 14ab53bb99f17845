import { getHeapStatistics } from 'node:v8';
import type { Logger } from 'pino';
import type { ApiAccess } from './api/access/access.ts';
import { applicationTimes } from './api/access/application.ts';
import type { Config } from './config/config.ts';
import { sharesStream } from './config/receivers.ts';
import { secondsOf } from './contract/seconds.ts';
import { createClassOf } from './contract/user-class.ts';
import { prefixOf } from './contract/virtual-proxy.ts';
import { boundsWithin } from './sessions/hosts/room.ts';
import { Site } from './sessions/site.ts';

/** The site as it is configured, with nothing in it yet; it says in the log what it finds out about hosts. */
export function createSite(
  { sessions, receivers }: Pick<Config, 'sessions' | 'receivers'>,
  access: ApiAccess,
  log: Logger,
): Site {
  const { timeout, grace, maxAge, serviceUsers, virtualProxies } = sessions;
  const settings = {
    ...{ timeoutMs: timeout, graceMs: grace, maxAgeMs: maxAge },
    timeoutMsOf: new Map(virtualProxies.map((each) => [prefixOf(each.virtualProxy), each.timeout])),
    classOf: createClassOf(serviceUsers),
    countsSites: receivers.some(sharesStream),
    applicationTimesOf: (host: string) => applicationTimes(access.applicationOf(host)),
  };
  const site = new Site(settings, boundsWithin(getHeapStatistics().heap_size_limit));
  site.tracker.onKeysIgnored = (host) =>
    log.warn({ host }, 'session keys of this host do not stay the same; ignored from now on');
  site.tracker.onKeysBelieved = (host) =>
    log.info({ host }, 'session keys of this host stay the same after all; they count again');
  site.clocks.onOffset = (host, offsetMs) =>
    log.warn(
      { host, offsetSeconds: secondsOf(offsetMs) },
      'the clock of this host is off; its event times are corrected by that',
    );
  site.lostLines.onShared = (host) =>
    log.warn(
      { host },
      'row numbers of this host do not count its lines one by one; lost lines cannot be seen',
    );
  return site;
}
