import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { CentreWay } from './centres/centre.ts';
import type { Sender, User, UserEvent } from './event.ts';
import type { Plugin, PluginSchema } from './plugin.ts';
import { text } from './settings.ts';
import type { EdgeStats, ForwardingIntake } from './sites/forwarding.ts';
import type { FailedPoll, Snapshot } from './snapshot.ts';

/** What one item handed over by `submit` came to, once the journal has committed it. */
export type Outcome =
  | { readonly status: 'accepted' | 'duplicate' | 'excluded' | 'heartbeat' }
  | { readonly status: 'refused'; readonly reason: string };

/** An event, a reason why an item is none, or a sign of life: of a way in, or of a session. */
export type SubmittedItem = UserEvent | RefusedItem | SignOfLife | 'heartbeat';

/** Whose session is on, where its program says no more than that. It changes the state, and is no event. */
export interface SignOfLife {
  readonly alive: {
    readonly host: string;
    /** Of the session itself; null where it may only be found by its user. */
    readonly sessionKey: string | null;
    readonly user: User | null;
    /** Our clock when it arrived, milliseconds since 1970 UTC. */
    readonly at: number;
  };
}

/** `sample` is for the log: who sent it, and what is wrong with it. */
export interface RefusedItem {
  readonly refused: string;
  readonly sample: string;
}

/** Where receivers hand over events. Everything handed over is counted, whatever it is. */
export interface EventIntake {
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

/** Where receivers hand over who is on. A receiver of events has no use for it, and its `start` does not ask for it. */
export interface SnapshotIntake {
  /** Resolves when it is part of the picture of the site; rejects when it cannot be taken, and then changes nothing. */
  snapshot(snapshot: Snapshot): Promise<void>;
  /** Never throws, and nobody has to wait for it. */
  snapshotFailed(poll: FailedPoll): void;
}

/** What every receiver is started with; each names the part that it needs in the type of its `start`. */
export interface Intake extends EventIntake, SnapshotIntake {
  readonly edges: ForwardingIntake;
}

/** What became of the polls of one virtual proxy of one host. */
export interface PollStats {
  readonly host: string;
  readonly virtualProxy: string;
  /** When it was last asked, in ISO 8601; null before the first answer or failure. */
  readonly polledAt: string | null;
  /** When the question was asked whose answer was the last good one. */
  readonly answeredAt: string | null;
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
  /** `address:port`, `[address]:port` or a URL, as bound. Empty while it does not listen; absent where it never does. */
  readonly listening?: readonly string[];
  /** Messages or items read, before any refusal. */
  readonly received: number;
  /** Datagrams the kernel threw away before we could read them. */
  readonly kernelDropped: number | null;
  /** Datagrams that we read and threw away because everything before them was still waiting to be worked on. */
  readonly ringDropped?: number;
  /** How often a thread of its own has died. What came while there was none is lost, and nobody knows how much that was. */
  readonly threadDeaths?: number;
  /** By reason; connections too. */
  readonly refused?: Readonly<Record<string, number>>;
  /** That are open. */
  readonly connections?: number;
  /** How many there may be: fewer than configured where the process may not open so many files. */
  readonly maxConnections?: number;
  readonly refusedConnections?: number;
  /** Of a receiver that asks who is on. */
  readonly polls?: readonly PollStats[];
  /** Of a receiver that follows other Headcounts. */
  readonly edges?: readonly EdgeStats[];
  readonly [detail: string]: unknown;
}

/**
 * A way in, named after its protocol. There are three: a receiver that listens (it has an address of its own, and a list
 * of who may send), one that asks or follows (nobody sends to it, so it has neither), and one that is served by the API
 * (it has `routes`). No receiver parses lines.
 *
 * The life of a receiver:
 *  1. It is made once and does nothing then: nothing is bound, nobody is asked.
 *  2. `routes`, where there is one, is called once, before `start`. A request that comes before `start` has resolved, or
 *     after `stop` was called, is answered 503.
 *  3. `start` is called at most once. A receiver that listens resolves when it does, and rejects when it cannot, with a
 *     message for people. A receiver that asks resolves at once: that whom it asks is away is no reason not to start.
 *  4. The intake is called from then on. Not before `start` was called, and never again once `stop` has resolved.
 *  5. A receiver that asks has at most one question to the same server under way at any time.
 *  6. `stop` is safe without `start`, after a `start` that rejected, and twice. It ends what is under way, and it never
 *     rejects. What was received but not handed over yet may still be, until it resolves. Nothing is started again.
 *  7. `stats` may be called at any time, the first time before `start`. Counters never fall, not even by `stop`.
 */
export interface Receiver {
  readonly name: string;
  start(intake: Intake): Promise<void>;
  stop(): Promise<void>;
  stats(): ReceiverStats;
  /** Looks now for what is looked for once a minute: addresses of names, files of TLS. Never rejects. */
  lookAgain?(): Promise<void>;
  /** Where several central Headcounts share what it follows. */
  readonly centreWay?: CentreWay | null;
  /** Adds its routes to the API, behind the API's own guards: tokens, and limits of what a request may be. */
  routes?(api: FastifyInstance): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A body for the description of the API; the route checks it by itself, and in its own words. */
    readonly describedBody?: object | undefined;
    /** The same of the query. */
    readonly describedQuery?: object | undefined;
    /** Programs on pages of any origin send to it: its answers carry CORS headers, and it needs `ingest` whatever its method. */
    readonly isForPagesElsewhere?: boolean;
  }
}

/** What can be said of an application; null where nothing is. */
export interface ApplicationSettings {
  /** Its name, which stands in `appId`. */
  readonly application: string | null;
  readonly virtualProxy: string | null;
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
  /** Identity of the store that keeps what it hands over. */
  readonly storeId: string;
  readonly now: () => number;
  /** Where relative paths in its settings start from. */
  readonly folder: string;
  readonly log: ReceiverLog;
  /** Logs what may come a million times: at once, then once a minute with a count and the latest sample. */
  readonly trouble: (kind: string, sample: string) => void;
  /** True while the journal cannot take more: who can tell a sender to come again later should. */
  readonly isFull: () => boolean;
  /** What is set for the application that is this host. */
  readonly applicationOf?: (host: string) => ApplicationSettings;
  /** How often names of `allow` are looked up and the files of `tls` read again; a minute unless given. */
  readonly lookAgainMs?: number;
}

/** What every kind of receiver can be told. */
export const receiverSettings = { name: text('a name').optional() } as const;

/** The same as read from the configuration. */
export interface ReceiverSettings {
  readonly type: string;
  readonly name?: string | undefined;
}

/** What a receiver that listens is told besides. */
export interface ListenSettings {
  readonly host: string;
  readonly port: number;
  /** Who may send; empty is everyone. */
  readonly allow: readonly unknown[];
}

/** Only who listens has a list of who may send: a `host` alone may be one that is asked. */
export function isListening<S extends ReceiverSettings>(settings: S): settings is S & ListenSettings {
  return 'allow' in settings;
}

/** Something to know about what a setting names. */
export interface SettingNote {
  /** Below the receiver's own settings: `['tls', 'cert']`. */
  readonly path: readonly string[];
  readonly text: string;
  /** Whether it keeps the receiver from its work; else it will some day. */
  readonly isProblem: boolean;
}

/** One kind of receiver. */
export interface ReceiverPlugin<S extends PluginSchema = PluginSchema> extends Plugin<S> {
  /** Makes one, which does nothing before `start`. */
  create(config: z.output<S>, parts: ReceiverParts): Receiver;
  /** True where it is served by the API, so that there can be but one. */
  readonly isServed?: boolean;
  /** True where it listens on a port of TCP, as the API does. */
  readonly listensOnTcp?: boolean;
  /** For `headcount check`: looks at what the settings name, such as files. */
  examine?(config: z.output<S>, folder: string, now: number): Promise<readonly SettingNote[]>;
  /** For `headcount doctor`: tries what the settings ask of this machine, and leaves nothing behind. */
  tryOut?(config: z.output<S>): Promise<readonly SettingNote[]>;
  /** For `headcount check`: what there is to say besides address and `allow`, such as whom it asks. */
  notes?(config: z.output<S>): readonly string[];
}

/** For the file of a receiver: what it exports for the list in `receivers/index.ts`, with its types checked. */
export function defineReceiver<S extends PluginSchema>(plugin: ReceiverPlugin<S>): ReceiverPlugin<S> {
  return plugin;
}
