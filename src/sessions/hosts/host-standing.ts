/** How well a host is known, which decides who is forgotten first. Our clock, milliseconds since 1970 UTC. */
export class HostStanding {
  /** When it came. What was remembered under its name before is not its own. */
  knownSince: number;
  /** Its latest line. */
  usedAt: number;
  /** Lines that were taken. */
  lines = 0;

  constructor(now: number) {
    this.knownSince = now;
    this.usedAt = now;
  }

  heard(now: number): void {
    // Lines of one turn are taken in the order of their own times.
    this.knownSince = Math.min(this.knownSince, now);
    this.usedAt = now;
    this.lines += 1;
  }

  /** Of hosts with a like number of lines it does not matter which has more. */
  get rank(): number {
    return Math.floor(Math.log2(Math.max(1, this.lines)));
  }
}
