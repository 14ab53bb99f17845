import type { DatabaseSync } from 'node:sqlite';

const DAY_MS = 86_400_000;
/** What a clock may be off, or the program may have been away, without a doubt about the clock. */
const SANE_STEP_MS = DAY_MS;
/** A clock that jumped further is believed when it has stayed there for so long. */
const BELIEVED_AFTER_MS = DAY_MS;

/**
 * The time by which retention goes. What it deletes is gone, and a clock that jumps 400 days ahead for a minute would make
 * everything too old: so a step of more than a day counts only when the clock has stayed there for a day that really passed.
 */
export class RetentionClock {
  #believed: number;
  #lookedAt: number;
  #doubtedSince: number | null = null;

  /**
   * `believed`: what retention went by last, ms since 1970 UTC. `running`: ms of a clock that nobody sets, from any start, here
   * and below.
   */
  constructor(believed: number, running: number) {
    this.#believed = believed;
    this.#lookedAt = running;
  }

  /** `wall`: the clock of the machine, ms since 1970 UTC. */
  look(wall: number, running: number): RetentionTime {
    this.#believed += Math.max(0, running - this.#lookedAt);
    this.#lookedAt = running;
    if (Math.abs(wall - this.#believed) <= SANE_STEP_MS) this.#doubtedSince = null;
    else {
      this.#doubtedSince ??= running;
      const left = this.#doubtedSince + BELIEVED_AFTER_MS - running;
      if (left > 0) {
        const aheadMs = wall - this.#believed;
        return { at: Math.min(wall, this.#believed), doubt: { aheadMs, believedInMs: left } };
      }
    }
    this.#doubtedSince = null;
    this.#believed = wall;
    return { at: wall, doubt: null };
  }
}

export interface RetentionTime {
  /** What retention goes by, ms since 1970 UTC. Never later than the clock says. */
  readonly at: number;
  /** Where the clock is not believed: how far ahead it is of the time that has passed (negative: behind), and when it will be. */
  readonly doubt: { readonly aheadMs: number; readonly believedInMs: number } | null;
}

/** What an operator is told of it. `events`: about how many retention would delete by the clock of the machine. */
export function clockDoubt(doubt: {
  readonly aheadMs: number;
  readonly believedInMs: number;
  readonly events: number;
}): string {
  const days = Math.round(Math.abs(doubt.aheadMs) / DAY_MS);
  const hours = Math.ceil(doubt.believedInMs / 3_600_000);
  const side = doubt.aheadMs > 0 ? 'ahead of' : 'behind';
  return (
    `it is ${days} days ${side} the time that has passed since retention ran last. By it about ${doubt.events} events would be ` +
    `deleted; they stay. If it stays like this it is believed in ${hours} h: if it is wrong, set it before`
  );
}

/** How far behind what is written down may be: far less than what is no doubt. */
const WRITTEN_EVERY_MS = 3_600_000;

/** The time by which retention of this store went last, ms since 1970 UTC; null where it is not known. */
export function retentionTime(database: DatabaseSync): number | null {
  const kept = database.prepare("SELECT value FROM meta WHERE key = 'retention_at'").get()?.['value'];
  if (kept !== undefined) return Number(kept);
  const at = database.prepare('SELECT at FROM checkpoint').get()?.['at'];
  return at === undefined ? null : Number(at);
}

/** Writes it down now and then, for the next start. In the transaction of whoever calls. */
export function keepRetentionTime(database: DatabaseSync, at: number): void {
  const kept = database.prepare("SELECT value FROM meta WHERE key = 'retention_at'").get()?.['value'];
  if (kept !== undefined && Math.abs(at - Number(kept)) < WRITTEN_EVERY_MS) return;
  database
    .prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('retention_at', ?)")
    .run(String(Math.round(at)));
}
