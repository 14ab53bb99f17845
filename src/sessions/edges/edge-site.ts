import { QUALITIES, type QualityReason } from '../../contract/quality.ts';
import type { EdgeAlive, ReportedHost, ReportedQuality } from '../../contract/sites/forwarding.ts';
import { DowntimesElsewhere } from '../downtimes.ts';
import type { Edge } from './edge.ts';

/** What is not known because of the way from an edge to here. */
export interface Lag {
  readonly reason: Extract<QualityReason, 'site_silent' | 'lagging'> | null;
  /** Events that have not come; null where nobody can know. */
  readonly events: number | null;
}

/** They come each second. */
const MOST_BETWEEN_TICKS_MS = 10_000;
const NO_LAG: Lag = { reason: null, events: 0 };
const SILENT: Lag = { reason: 'site_silent', events: null };
/** A site that is silent for so long is taken to be there no more. Its sessions have ended long before. */
const GONE_AFTER_MS = 7 * 86_400_000;
/** Of a site of which nobody has said anything: the lag says what that means. */
const NOTHING_SAID: ReportedQuality = {
  ...{ quality: 'exact', reasons: [], hidden: 0, doubtfulSessions: 0, doubtfulUsers: 0 },
};

/** The time that counts on a host: of another site it is that of the site, and nothing passes before that is known. */
export function clockOf(site: EdgeSite | null, now: number): number {
  return site === null ? now : (site.now ?? Number.NEGATIVE_INFINITY);
}

/**
 * A site of which edges tell. Two edges may tell of the same lines; believed is the one that is there, has not fallen behind, and
 * knows best. Its clock is the clock of the site: a session times out once everything was taken that could have kept it.
 */
export class EdgeSite {
  readonly name: string;
  readonly edges = new Map<string, Edge>();
  readonly downtimes = new DowntimesElsewhere();
  /** The clock of the site, milliseconds since 1970 UTC; null while nothing is known of it. */
  now: number | null = null;
  #believed: Edge | null = null;
  /** What was made use of last of what it said. */
  #adopted: EdgeAlive | null = null;
  /** Time that passed here since there was somebody to believe. */
  silentMs = 0;
  #tickedAt: number | null = null;
  #reported = new Map<string, ReportedHost>();

  constructor(name: string) {
    this.name = name;
  }

  /**
   * To be called each second. A site that nobody has told of for longer than `silentForMs` goes by our clock: nobody
   * may ever tell of it again, and what was open there must end some day.
   */
  tick(now: number, silentForMs: number): void {
    this.#pass(now);
    this.#believed = this.#best();
    const alive = this.#believed?.alive ?? null;
    if (this.#believed !== null) {
      this.silentMs = 0;
      this.now = this.#believed.now ?? this.now;
    } else if (this.silentMs > silentForMs) this.now = now;
    if (alive === null || alive === this.#adopted) return;
    this.#adopted = alive;
    this.downtimes.restore(alive.report.downtimes);
    this.#reported = new Map(alive.report.hosts.map((each) => [each.host, each]));
  }

  /** A clock that jumps makes nobody silent. */
  #pass(now: number): void {
    const passedMs = Math.min(Math.max(0, now - (this.#tickedAt ?? now)), MOST_BETWEEN_TICKS_MS);
    this.#tickedAt = now;
    this.silentMs += passedMs;
    for (const edge of this.edges.values()) edge.silentMs += passedMs;
  }

  #best(): Edge | null {
    const heard = [...this.edges.values()].filter((edge) => !edge.isSilent);
    const rank = (edge: Edge) =>
      (edge.isLagging ? QUALITIES.length : 0) +
      QUALITIES.indexOf(edge.alive?.report.all.quality ?? 'estimated');
    return heard.reduce<Edge | null>((a, b) => (a === null || rank(b) < rank(a) ? b : a), null);
  }

  get lag(): Lag {
    const edge = this.#believed;
    if (edge === null) return this.silentMs > GONE_AFTER_MS ? NO_LAG : SILENT;
    return edge.isLagging ? { reason: 'lagging', events: edge.behind } : NO_LAG;
  }

  /** Its clock when it spoke last; null before. What it said then of downtimes holds for all before. */
  get spokeAt(): number | null {
    return this.#adopted?.report.at ?? null;
  }

  /** How right the edge says its counts over all are. */
  get overAll(): ReportedQuality {
    return this.#believed?.alive?.report.all ?? NOTHING_SAID;
  }

  /** The same of one host; where it has too many hosts to speak of each, what it says over all. */
  ofHost(host: string): ReportedQuality {
    return this.#hostOf(host) ?? this.overAll;
  }

  /** How far the clock of a host is behind that of the edge; null where it has not said. */
  clockOffsetMs(host: string): number | null {
    return this.#hostOf(host)?.clockOffsetMs ?? null;
  }

  #hostOf(host: string): ReportedHost | undefined {
    return this.#reported.get(host.slice(this.name.length + 1));
  }
}
