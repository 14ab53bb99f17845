import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createBlacklist } from '../../src/contract/blacklist.ts';
import type { Sender } from '../../src/contract/event.ts';
import type { SeenSession } from '../../src/contract/snapshot.ts';
import { Duplicates } from '../../src/intake/duplicates.ts';
import type { EventStore } from '../../src/intake/event-store.ts';
import { Pipeline } from '../../src/intake/pipeline.ts';
import type { Site } from '../../src/sessions/site.ts';
import { Storms } from '../../src/sessions/storms/storms.ts';
import type { SessionSettings } from '../../src/sessions/time-outs.ts';
import { StoredSite } from '../journal/stored-site.ts';

/** How often events and state are committed. */
export const COMMIT_MS = 10_000;

interface Range {
  readonly low: number;
  readonly high: number | null;
}

/** What Headcount says of the whole site at a moment. */
export interface Said {
  readonly counts: { readonly sessions: number; readonly users: number; readonly connections: number };
  readonly quality: string;
  readonly reasons: readonly string[];
  /** Absent where nothing is said about how far the counts may be from the truth. */
  readonly bounds?: { readonly sessions: Range; readonly users: Range };
}

/** One virtual proxy of a host, and every one that the host has. */
export interface Place {
  readonly host: string;
  readonly virtualProxy: string;
  readonly allVirtualProxies: readonly string[];
}

/**
 * Headcount without sockets, threads or a clock: the real pipeline, the real site, and the real journal in a file of its
 * own. Lines and snapshots go in as receivers hand them over, and time passes as the caller says.
 */
export class ObservedSite {
  readonly #stored: StoredSite;
  #pipeline: Pipeline;
  #now = 0;

  /** `since`: when its store began. */
  constructor(settings: SessionSettings, since: number) {
    this.#stored = new StoredSite(settings, since);
    this.#pipeline = this.#createPipeline();
  }

  #createPipeline(): Pipeline {
    const stored = this.#stored;
    const duplicates = new Duplicates();
    for (const [eventId, receivedAt] of stored.eventIds) duplicates.add(eventId, receivedAt);
    const store: EventStore = {
      get nextSeq() {
        return stored.lastSeq + 1;
      },
      uncommitted: 0,
      isBehind: () => false,
      full: false,
      trouble: null,
      takesState: true,
      wantsLines: false,
      add: (event, applied) => stored.add(event, applied),
      addPoll: (poll) => stored.addPoll(poll),
      addPosition: () => {},
      committed: async () => {},
    };
    return new Pipeline({
      site: stored.site,
      storms: new Storms(0),
      store,
      duplicates,
      positions: [],
      blacklist: createBlacklist([]),
      hash: (text) => hash('sha256', text, 'base64url').slice(0, 22),
      checksum: (text) => crc32(text),
      onTrouble: () => {},
      commitState: () => stored.commit(this.#now, true),
      now: () => this.#now,
      // Whoever hands over lines works them off; a snapshot goes on at once.
      later: (callback, ms) => {
        if (ms <= 1) queueMicrotask(callback);
      },
    });
  }

  get site(): Site {
    return this.#stored.site;
  }

  get counters() {
    return this.#pipeline.counters;
  }

  /** Lines that came in one turn. */
  receive(lines: readonly { readonly text: string; readonly sender: Sender }[], now: number): void {
    for (const { text, sender } of lines) this.#pipeline.receive(Buffer.from(text), sender, now);
    this.#pipeline.work();
  }

  /** A proxy has said who is on. */
  async snapshot(place: Place, sessions: readonly SeenSession[], at: number): Promise<void> {
    this.#now = at;
    const poll = { ...place, at, durationMs: 0, sessions, hidden: [], keepsUsers: true };
    await this.#pipeline.snapshot(poll);
  }

  /** A second is over: what is due ends. */
  tick(now: number): void {
    this.site.tick(now);
    // The program does so each second, which takes most of the time here and makes no difference to what is counted.
    if (now % COMMIT_MS === 0) this.#stored.commit(now, true);
  }

  /** The program had been killed within a second after a commit, and is started again now. */
  startAgain(now: number): void {
    this.#stored.killAndRestart();
    const { stoppedAt, site } = this.#stored;
    if (stoppedAt !== null) site.tracker.restarted(stoppedAt, now);
    this.#pipeline = this.#createPipeline();
  }

  say(now: number): Said {
    const { sessions, users, connections } = this.site.counts;
    return { counts: { sessions, users, connections }, ...this.site.quality.at(now) };
  }

  /** How many sessions are counted of each user on each host; the keys are as `personOn` makes them. */
  trackedSessions(): Map<string, number> {
    const tracked = new Map<string, number>();
    for (const host of this.site.identities.hosts.values()) {
      for (const { user, open } of host.keys.values()) {
        const sessions = open === null ? 0 : [...open.sessions()].length;
        const who = personOn(host.name, user);
        if (sessions > 0) tracked.set(who, (tracked.get(who) ?? 0) + sessions);
      }
    }
    return tracked;
  }

  dispose(): void {
    this.#stored.dispose();
  }
}

/** Names are the same whatever their case. */
export function personOn(host: string, user: SeenSession['user']): string {
  return `${host} ${user?.directory}\\${user?.id}`.toLowerCase();
}
