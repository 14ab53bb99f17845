import type { Host } from '../session.ts';
import type { Site } from '../site.ts';

/** A host from which nothing comes any more, and when its last line came, ms since 1970 UTC. */
export interface Silence {
  readonly name: string;
  readonly since: number;
}

/** When the last line of a host came, where more should have come since; else null. */
export function silentSince({ startedAt }: Pick<Site, 'startedAt'>, host: Host, now: number): number | null {
  return host.rhythm.silentSince(now, host.openSessions, startedAt);
}

/** Of all hosts that are known, however few sessions they have: on one that is silent nobody logs in any more. */
export function* silences(site: Pick<Site, 'identities' | 'startedAt'>, now: number): Generator<Silence> {
  for (const host of site.identities.hosts.values()) {
    const since = silentSince(site, host, now);
    if (since !== null) yield { name: host.name, since };
  }
}

/** The longest silence first. */
export function bySilence(a: Silence, b: Silence): number {
  return a.since - b.since || (a.name < b.name ? -1 : 1);
}
