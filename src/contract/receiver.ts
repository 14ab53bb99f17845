import type { Sender, UserEvent } from './event.ts';
import type { FailedPoll, Snapshot } from './snapshot.ts';

/** What one item handed over by `submit` came to, once the journal has committed it. */
export type Outcome =
  | { readonly status: 'accepted' | 'duplicate' | 'excluded' | 'heartbeat' }
  | { readonly status: 'refused'; readonly reason: string };

/** An event, a reason why an item is none, or a sign of life. */
export type SubmittedItem = UserEvent | RefusedItem | 'heartbeat';

/** `sample` is for the log: who sent it, and what is wrong with it. */
export interface RefusedItem {
  readonly refused: string;
  readonly sample: string;
}

/** Where receivers hand over what they read. Everything handed over is counted, whatever it is. */
export interface Intake {
  /**
   * One raw message: a datagram or a frame, never split, never joined. The bytes are copied.
   * Returns false when the journal is behind: a receiver that can make its sender wait should stop reading
   * until `drained()` resolves. UDP cannot, and goes on.
   */
  receive(bytes: Uint8Array, sender: Sender, receivedAt: number): boolean;
  /**
   * A message that was lost or refused before it was whole (a frame too long, a sender not allowed). `sample` is for
   * the log: who sent it, and what.
   */
  refuse(reason: string, sample: string): void;
  /** Parsed events (HTTP). Resolves when every one of them is committed; rejects when the journal cannot. */
  submit(items: readonly SubmittedItem[]): Promise<Outcome[]>;
  /** Resolves when the journal has caught up. */
  drained(): Promise<void>;
}

/** Where receivers hand over who is on. */
export interface SnapshotIntake {
  /** Resolves when it is part of the picture of the site; rejects when it cannot be taken, and then changes nothing. */
  snapshot(snapshot: Snapshot): Promise<void>;
  /** Never rejects, and nobody has to wait for it. */
  snapshotFailed(poll: FailedPoll): void;
}

/** What became of the polls of one virtual proxy of one host. */
export interface PollStats {
  readonly host: string;
  readonly virtualProxy: string;
  /** When it was last asked, in ISO 8601; null before the first answer or failure. */
  readonly polledAt: string | null;
  readonly ok: boolean;
  /** Of the last good answer, without those that the receiver's own blacklist names; null before. */
  readonly sessions: number | null;
  readonly users: number | null;
  readonly hidden: number | null;
  /** Why the last poll failed, in plain words; null where it did not. */
  readonly error: string | null;
  readonly durationMs: number | null;
  readonly polls: number;
  readonly failed: number;
}

/** Counters of one receiver; `null` where the number cannot be known. */
export interface ReceiverStats {
  readonly name: string;
  /** `address:port`, `[address]:port` or a URL, as bound. Empty while it does not listen. */
  readonly listening: readonly string[];
  readonly received: number;
  /** Datagrams the kernel threw away before we could read them. */
  readonly kernelDropped: number | null;
  /** By reason; connections too. */
  readonly refused?: Readonly<Record<string, number>>;
  /** That are open. */
  readonly connections?: number;
  readonly refusedConnections?: number;
  /** Of a receiver that asks who is on. */
  readonly polls?: readonly PollStats[];
  readonly [detail: string]: unknown;
}

/**
 * A way in, named after its protocol. `start` resolves when it listens and rejects when it cannot.
 * After `stop` resolves the intake is never called again. No receiver parses.
 */
export interface Receiver {
  readonly name: string;
  start(intake: Intake): Promise<void>;
  stop(): Promise<void>;
  /** Looks now for what is looked for once a minute: addresses of names, files of TLS. Never rejects. */
  lookAgain?(): Promise<void>;
  stats(): ReceiverStats;
}

/** The part of a logger that receivers need. */
export interface ReceiverLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What every receiver is made with. */
export interface ReceiverParts {
  /** As in logs and metrics. */
  readonly name: string;
  readonly now: () => number;
  /** Where relative paths in its settings start from. */
  readonly folder: string;
  readonly log: ReceiverLog;
  /** Logs what may come a million times: at once, then once a minute with a count and the latest sample. */
  readonly trouble: (kind: string, sample: string) => void;
  /** How often names of `allow` are looked up and the files of `tls` read again; a minute unless given. */
  readonly lookAgainMs?: number;
}
