import type { Sender, UserEvent } from './event.ts';

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
