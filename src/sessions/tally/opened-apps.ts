import type { Connection } from '../session.ts';

/** Apps that are counted at once: senders make up their ids. */
const MOST_APPS = 20_000;
/** Of those, so many make room at once: what is deleted first in a map is looked through again each time. */
const PART = 8;
/** Of which a restart knows: they are written down each second. */
const MOST_STORED = 5_000;

/** Connections of an app that were opened. */
export interface Opened {
  /** In the last whole second of our clock. */
  readonly lastSecond: number;
  /** Since the store began, or since a version that counts them; null where it was counted and then forgotten for newer apps. */
  readonly total: number | null;
}

/** What a checkpoint keeps, the app opened last at the end. */
export interface OpenedAppsState {
  readonly apps: readonly (readonly [appId: string, total: number | null])[];
  readonly hasForgotten: boolean;
}

interface Entry {
  total: number | null;
  /** The second in which one was opened last, how many in it, and how many in the one before it. */
  second: number;
  inSecond: number;
  inSecondBefore: number;
}

/**
 * How many connections of each app were opened. A line costs O(1). Where there are too many apps, some that were
 * opened longest ago are forgotten; whoever comes newly after that may be one that was forgotten, and has no total.
 */
export class OpenedApps {
  readonly #apps = new Map<string, Entry>();
  readonly #mostApps: number;
  #hasForgotten = false;
  #second = 0;

  constructor(mostApps = MOST_APPS) {
    this.#mostApps = mostApps;
  }

  /** What is counted from now on belongs to this second (since 1970). */
  begin(second: number): void {
    this.#second = second;
  }

  /** The apps opened last. */
  get state(): OpenedAppsState {
    const apps = Array.from(this.#apps, ([appId, { total }]) => [appId, total] as const);
    return {
      apps: apps.slice(-MOST_STORED),
      hasForgotten: this.#hasForgotten || apps.length > MOST_STORED,
    };
  }

  restore({ apps, hasForgotten }: OpenedAppsState): void {
    this.#hasForgotten = hasForgotten;
    for (const [appId, total] of apps) {
      this.#apps.set(appId, { total, second: Number.NaN, inSecond: 0, inSecondBefore: 0 });
    }
  }

  count({ appId, session }: Connection): void {
    if (appId === null || session.key.isHidden) return;
    const second = this.#second;
    const entry = this.#apps.get(appId) ?? this.#newcomer();
    if (entry.second !== second) {
      entry.inSecondBefore = entry.second === second - 1 ? entry.inSecond : 0;
      entry.inSecond = 0;
      entry.second = second;
    }
    // The app opened last is at the end.
    this.#apps.delete(appId);
    this.#apps.set(appId, entry);
    entry.inSecond += 1;
    if (entry.total !== null) entry.total += 1;
  }

  #newcomer(): Entry {
    if (this.#apps.size >= this.#mostApps) {
      let left = Math.ceil(this.#mostApps / PART);
      for (const oldest of this.#apps.keys()) {
        if (left-- === 0) break;
        this.#apps.delete(oldest);
      }
      this.#hasForgotten = true;
    }
    return { total: this.#hasForgotten ? null : 0, second: Number.NaN, inSecond: 0, inSecondBefore: 0 };
  }

  of(appId: string): Opened {
    const entry = this.#apps.get(appId);
    if (entry === undefined) return { lastSecond: 0, total: this.#hasForgotten ? null : 0 };
    const { total, second, inSecond, inSecondBefore } = entry;
    if (second === this.#second) return { lastSecond: inSecondBefore, total };
    return { lastSecond: second === this.#second - 1 ? inSecond : 0, total };
  }
}
