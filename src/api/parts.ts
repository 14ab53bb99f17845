import type { Registry } from 'prom-client';
import type { AccessToken } from '../core/access-token.ts';
import type { AppNames } from '../core/app-names.ts';
import type { IngestCounters } from '../core/pipeline.ts';
import type { Intake, ReceiverStats } from '../core/receiver.ts';
import type { SinkStats } from '../core/sink-stats.ts';
import type { Site } from '../core/site.ts';
import type { Question } from '../journal/reader-thread.ts';

/** What the API answers from. */
export interface ApiParts {
  readonly site: Site;
  readonly appNames: AppNames;
  /** Who may use it; everyone where there is none. */
  readonly tokens: readonly AccessToken[];
  readonly intake: Intake;
  readonly counters: IngestCounters;
  /** Messages taken and not yet accepted. */
  inFlight(): number;
  receivers(): readonly ReceiverStats[];
  sinks(): readonly SinkStats[];
  /** Commits what was accepted so far, then reads: JSON text, null where there is no such thing. */
  ask(question: Question): Promise<string | null>;
  /** True while the journal cannot take more. */
  journalFull(): boolean;
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
