const DAY_MS = 86_400_000;

/** The largest numbers since midnight UTC, as they were at the end of a second. */
export interface PeakOfDay {
  readonly sessions: number;
  readonly users: number;
  /** When there were so many sessions for the first time, milliseconds since 1970 UTC. */
  readonly at: number;
}

/** Keeps the peak of the day. */
export class Peak {
  today: PeakOfDay | null = null;

  /** To be called each second. */
  note({ sessions, users }: { readonly sessions: number; readonly users: number }, now: number): void {
    const before = this.at(now);
    if (before === null) this.today = { sessions, users, at: now };
    else if (sessions > before.sessions) {
      this.today = { sessions, users: Math.max(users, before.users), at: now };
    } else if (users > before.users) this.today = { ...before, users };
  }

  /** Null where the day has just begun. */
  at(now: number): PeakOfDay | null {
    const { today } = this;
    return today !== null && Math.floor(today.at / DAY_MS) === Math.floor(now / DAY_MS) ? today : null;
  }
}
