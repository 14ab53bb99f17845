import type { Kind, UserEvent } from '../../../src/contract/event.ts';

/**
 * A small Sense site, of which the truth is known. It writes numbered lines as the own layout has them; what becomes
 * of them on their way is not its business.
 */

/** After so long without a line, and without an open app, Sense ends a session and says so. */
const TIMEOUT_MS = 30 * 60_000;

interface TrueSession {
  readonly key: string;
  readonly user: string;
  readonly host: string;
  readonly startedAt: number;
  activeAt: number;
  apps: string[];
}

/** Lines that a host has written and that Headcount has yet to get. */
export type Line = UserEvent;

export class TrueSite {
  now: number;
  readonly sessions: TrueSession[] = [];
  #written: Line[] = [];
  #nextKey = 1;
  readonly #rows = new Map<string, number>();
  /** How far the clock of each host is behind. */
  readonly offsets = new Map<string, number>();

  constructor(now: number) {
    this.now = now;
  }

  get counts() {
    const users = new Set(this.sessions.map(({ user }) => user));
    const connections = this.sessions.reduce((sum, { apps }) => sum + apps.length, 0);
    return { sessions: this.sessions.length, users: users.size, connections };
  }

  countsOf(host: string) {
    const own = this.sessions.filter((each) => each.host === host);
    return { sessions: own.length, users: new Set(own.map(({ user }) => user)).size };
  }

  start(host: string, user: string): void {
    const key = `k${this.#nextKey}`;
    this.#nextKey += 1;
    const session = { key, user, host, startedAt: this.now, activeAt: this.now, apps: [] };
    this.sessions.push(session);
    this.#write('session_start', session);
  }

  open(session: TrueSession, app: string): void {
    session.apps.push(app);
    this.#write('connection_open', session, app);
  }

  close(session: TrueSession): void {
    const app = session.apps.shift();
    if (app !== undefined) this.#write('connection_close', session, app);
  }

  stop(session: TrueSession): void {
    while (session.apps.length > 0) this.close(session);
    this.#write('session_stop', session);
    this.sessions.splice(this.sessions.indexOf(session), 1);
  }

  /** Sense ends what has been idle for too long, and nobody stays for longer than a day. */
  sweep(longestMs: number): void {
    for (const session of [...this.sessions]) {
      const isIdle = session.apps.length === 0 && this.now - session.activeAt > TIMEOUT_MS;
      if (isIdle || this.now - session.startedAt > longestMs) this.stop(session);
    }
  }

  /** The proxy dies: its sessions are gone, no line tells, and its counter begins again. */
  crash(host: string): void {
    for (const session of this.sessions.filter((each) => each.host === host)) {
      this.sessions.splice(this.sessions.indexOf(session), 1);
    }
    this.#rows.set(host, 0);
  }

  /** Its log configuration is read again: only the counter begins again. */
  reload(host: string): void {
    this.#rows.set(host, 0);
  }

  /** A line that changes nothing and that shows which numbers were lost before it. */
  probe(host: string): void {
    this.#append('session_start', host, 'nobody', null, null, 1);
  }

  /** What was written since the last time. */
  take(): Line[] {
    const written = this.#written;
    this.#written = [];
    return written;
  }

  #write(kind: Kind, session: TrueSession, app: string | null = null): void {
    session.activeAt = this.now;
    this.#append(kind, session.host, session.user, session.key, app, 0);
  }

  #append(
    kind: Kind,
    host: string,
    user: string,
    sessionKey: string | null,
    appId: string | null,
    result: number,
  ): void {
    const rowNumber = (this.#rows.get(host) ?? 10_000) + 1;
    this.#rows.set(host, rowNumber);
    this.#written.push({
      kind,
      at: this.now - (this.offsets.get(host) ?? 0),
      originalAt: null,
      timed: true,
      receivedAt: this.now,
      host,
      user: { directory: 'LAB', id: user },
      origin: null,
      context: null,
      appId,
      virtualProxy: null,
      sessionKey,
      rowNumber,
      result,
      userAgent: null,
      message: null,
      reason: null,
      eventId: null,
    });
  }
}
