/**
 * How much of what is counted on one host is sure. Each loss of lines has a number, its epoch. A session carries
 * the epoch that its host had when it last gave a sign of life: one that carries an older epoch is doubtful.
 */
export class HostDoubt<Key> {
  /** Of the latest loss that touched the host. */
  epoch: number;
  /** Open sessions that carry the present epoch. */
  sessions = 0;
  /** Users with such a session. */
  users = 0;
  /** Keys with such a session, in no order. */
  keys: Key[] = [];
  /** How many open sessions carry which older epoch. */
  readonly older = new Map<number, number>();

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** True where an open session has given no sign of life since that loss. */
  isOlderThan(epoch: number): boolean {
    for (const each of this.older.keys()) if (each < epoch) return true;
    return false;
  }
}
