/** What is open right now, as `GET /api/v1/counts` says it. Users are distinct. */
export interface ActiveCounts {
  readonly sessions: number;
  readonly users: number;
  readonly connections: number;
  readonly connectedUsers: number;
}

/** Counts sessions and connections by their users. `by` is 1 or -1. */
export interface Tally {
  addSession(user: string, by: 1 | -1): void;
  addConnection(user: string, by: 1 | -1): void;
  counts(): ActiveCounts;
}

export function createTally(): Tally {
  const sessionsOf = new Map<string, number>();
  const connectionsOf = new Map<string, number>();
  let [sessions, connections] = [0, 0];
  return {
    addSession(user, by) {
      sessions += by;
      add(sessionsOf, user, by);
    },
    addConnection(user, by) {
      connections += by;
      add(connectionsOf, user, by);
    },
    counts: () => ({ sessions, users: sessionsOf.size, connections, connectedUsers: connectionsOf.size }),
  };
}

function add(counts: Map<string, number>, user: string, by: number): void {
  const left = (counts.get(user) ?? 0) + by;
  if (left === 0) counts.delete(user);
  else counts.set(user, left);
}
