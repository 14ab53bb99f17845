import type { DatabaseSync } from 'node:sqlite';

/** `connected`: with an open app; `lingering`: without one; `doubtful`: open, and no sign of life came since lines were lost. */
export const SESSION_STATES = ['connected', 'lingering', 'doubtful', 'ended'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** What the state of a session depends on. */
export interface StateCells {
  /** Milliseconds since 1970 UTC, null while it is open. */
  readonly endedAt: unknown;
  readonly openConnections: unknown;
  /** Of the latest loss before its last sign of life. */
  readonly epoch: unknown;
  /** The name of its host. */
  readonly host: unknown;
}

/** A connection as its record has it, times in milliseconds. */
export interface ConnectionTimes {
  readonly opened_at?: unknown;
  readonly closed_at?: unknown;
}

/** The states of sessions as the checkpoint knows them. */
export class SessionStates {
  readonly #database: DatabaseSync;
  /** The latest loss of each host. */
  #epochs: ReadonlyMap<unknown, number> | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** To be called when a transaction begins: what is doubtful depends on what was lost by then. */
  renew(): void {
    this.#epochs = null;
  }

  isDoubtful({ endedAt, epoch, host }: StateCells): boolean {
    if (endedAt !== null) return false;
    this.#epochs ??= this.#latestEpochs();
    return Number(epoch) < (this.#epochs.get(host) ?? 0);
  }

  now(session: StateCells): SessionState {
    if (session.endedAt !== null) return 'ended';
    if (this.isDoubtful(session)) return 'doubtful';
    return Number(session.openConnections) > 0 ? 'connected' : 'lingering';
  }

  #latestEpochs(): ReadonlyMap<unknown, number> {
    const hosts = this.#database
      .prepare(
        `SELECT value ->> 'name' AS name, value ->> 'epoch' AS epoch FROM checkpoint, json_each(state, '$.hosts')`,
      )
      .all();
    return new Map(hosts.map(({ name, epoch }) => [name, Number(epoch)]));
  }
}

/** The state of a session that was open at a moment. What was doubtful then is not remembered. */
export function stateAt(moment: number, connections: readonly ConnectionTimes[]): SessionState {
  const isOpen = ({ opened_at: opened, closed_at: closed }: ConnectionTimes): boolean =>
    Number(opened) <= moment && (closed === null || Number(closed) > moment);
  return connections.some(isOpen) ? 'connected' : 'lingering';
}
