import type { Registry } from 'prom-client';
import type { Centres } from '../centres/centres.ts';
import type { AppNames, NamesSource } from '../contract/app-names.ts';
import type { BlacklistRule } from '../contract/blacklist.ts';
import type { Receiver } from '../contract/receiver.ts';
import type { SinkStats } from '../contract/sink.ts';
import type { IngestCounters } from '../intake/ingest-counters.ts';
import type { Followed, Following } from '../journal/read/queries.ts';
import type { Ask } from '../journal/read/reader-thread.ts';
import type { Site } from '../sessions/site.ts';
import type { Storms } from '../sessions/storms/storms.ts';
import type { AccessToken } from './access/api.schema.ts';
import type { WrongTokens } from './access/wrong-tokens.ts';

/** The journal's events as they are committed. */
export interface History {
  readonly storeId: string;
  /** The number of the latest event on the disk; 0 for none. */
  committedSeq(): number;
  /** Calls back whenever there are more. */
  onCommitted(listener: () => void): void;
  follow(question: Following): Promise<Followed>;
  /** Reads as of the last commit. */
  readonly ask: Ask;
  /** Whatever was accepted before this can be read so, in ms since 1970 UTC. */
  stateAt(): number;
}

/** What the API answers from. */
export interface ApiParts {
  readonly site: Site;
  readonly storms: Storms;
  readonly appNames: AppNames;
  /** Who is asked for names of apps; null where nobody is. */
  readonly namesSource: () => NamesSource | null;
  /** Who may use it at the moment; everyone where there is none. */
  readonly tokens: () => readonly AccessToken[];
  readonly wrongTokens: WrongTokens;
  /** Names under which it may be asked, besides `localhost` and addresses; null is any. */
  readonly hosts: () => readonly string[] | null;
  /** Logs what may come a million times: at once, then once a minute with a count and the latest sample. */
  readonly trouble: (kind: string, sample: string) => void;
  readonly counters: IngestCounters;
  /** Each rule of the blacklist, and whether anybody that it is about was seen since it is there. */
  rulesSeen(): readonly (readonly [rule: BlacklistRule, isSeen: boolean])[];
  /** Messages taken and not yet accepted. */
  inFlight(): number;
  /** All of them, also those that it serves. */
  readonly receivers: readonly Receiver[];
  sinks(): readonly SinkStats[];
  /** This one among those that share a stream; null where it shares none. */
  readonly centres: Centres | null;
  /** Commits what was accepted so far, then reads. */
  readonly ask: Ask;
  /** What is on the disk, for those who follow it. */
  readonly history: History;
  /** Why it is not ready (a receiver does not listen, it shuts down); null when it is. */
  notReady(): string | null;
  /** Why commits do not succeed; null where they do. Does not make it unready. */
  journalTrouble(): string | null;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  readonly version: string;
  /** Metrics of the process, which outlive the API; null leaves them out of `/metrics`. */
  readonly processMetrics: Registry | null;
}
