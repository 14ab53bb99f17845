import type { EdgeAlive } from '../../contract/sites/forwarding.ts';

/** An edge says every two seconds that it is there. */
const SILENT_AFTER_MS = 15_000;
/** By the clock of the edge: an event is on its way for a second or two at most. */
const LAGGING_AFTER_MS = 10_000;

/** Partitions come one beside the other. */
const OUT_OF_ORDER_MS = 10_000;

/** Number up to which events of a partition were taken. */
export type TakenOf = (edge: string, partition: number) => number;

/** What one edge said last, and how far what it had then has come. */
export class Edge {
  readonly name: string;
  readonly #takenOf: TakenOf;
  /** Time that passed here since it was heard last. */
  silentMs = 0;
  alive: EdgeAlive | null = null;
  #partitions: readonly number[] = [];
  /** What it said first of that which has not come yet. */
  #awaited: EdgeAlive | null = null;
  #streamTime = Number.NEGATIVE_INFINITY;
  /** Its clock: what it had accepted by then was taken. Null before anything is known. */
  caughtUpTo: number | null = null;

  constructor(name: string, takenOf: TakenOf) {
    this.name = name;
    this.#takenOf = takenOf;
  }

  /** `partitions`: those that are followed. */
  heard(alive: EdgeAlive, partitions: readonly number[]): void {
    this.alive = alive;
    this.#partitions = partitions;
    this.silentMs = 0;
    this.taken();
  }

  /** Events of it were taken, the last of which had arrived there at `receivedAt`. */
  took(receivedAt: number): void {
    this.#streamTime = Math.max(this.#streamTime, receivedAt - OUT_OF_ORDER_MS);
    this.taken();
  }

  /** Something of it was taken. */
  taken(): void {
    for (const awaited of [this.#awaited, this.alive]) {
      if (awaited === null) continue;
      this.#awaited = awaited;
      if (!this.#hasCome(awaited)) return;
      this.caughtUpTo = awaited.caughtUpTo;
      this.#awaited = null;
    }
  }

  #hasCome({ sent }: EdgeAlive): boolean {
    return this.#partitions.every((partition) => this.#taken(partition) >= (sent[partition] ?? 0));
  }

  #taken(partition: number): number {
    return this.#takenOf(this.name, partition);
  }

  /** Its clock, as far as its events have come; null while it has not spoken. While many are on their way they tell the time. */
  get now(): number | null {
    if (this.alive === null) return null;
    const streamTime = Math.min(this.#streamTime, this.alive.report.at);
    return Number.isFinite(streamTime)
      ? Math.max(streamTime, this.caughtUpTo ?? streamTime)
      : this.caughtUpTo;
  }

  get isSilent(): boolean {
    return this.alive === null || this.silentMs > SILENT_AFTER_MS;
  }

  /** Much of what it had accepted when it spoke last has not come. */
  get isLagging(): boolean {
    if (this.alive === null || this.caughtUpTo === null) return true;
    return this.alive.report.at - this.caughtUpTo > LAGGING_AFTER_MS;
  }

  /** At most so many events that it had accepted have not come; null where it has not said how many it has. */
  get behind(): number | null {
    if (this.alive === null) return null;
    const { report, done, sent } = this.alive;
    const missing = this.#partitions.filter((partition) => this.#taken(partition) < (sent[partition] ?? 0));
    const through = Math.min(report.head, done, ...missing.map((partition) => this.#taken(partition)));
    return report.head - through;
  }
}
