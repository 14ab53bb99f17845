import type { UserClass } from '../../../contract/user-class.ts';

/** Null where nobody knows, or where it would be too much work to find out. */
export interface Recently {
  readonly last5s: number | null;
  readonly last1m: number | null;
  readonly last1h: number | null;
}

/** What happened in a part before a moment. */
export interface Happened {
  readonly created: Recently;
  readonly destroyed: Recently;
  readonly rejected: Recently;
  readonly averageDurationSeconds: number | null;
}

/** Null where there were too many to be counted. */
export interface Open {
  readonly sessions: number | null;
  readonly users: number | null;
  readonly connections: number | null;
}

/** What is known of a part, at a moment and shortly before. */
export interface PartCounts extends Happened {
  readonly active: Open & {
    readonly connectedUsers: number | null;
    readonly byClass: Readonly<Record<UserClass, Omit<Open, 'connections'>>>;
  };
  readonly hosts: readonly (Open & { readonly name: string })[];
  readonly hostsTotal: number | null;
  readonly virtualProxies: readonly (Open & { readonly name: string })[];
  readonly virtualProxiesTotal: number | null;
  readonly apps: readonly { readonly name: string; readonly connections: number; readonly users: number }[];
  readonly appsTotal: number | null;
  /** Retention has deleted sessions that were on at that moment, or may have. */
  readonly isDeleted: boolean;
}
