import { platform } from 'node:os';
import { vi } from 'vitest';
import type { Sender } from '../../src/contract/event.ts';
import type {
  Intake,
  Outcome,
  Receiver,
  ReceiverLog,
  ReceiverParts,
  SubmittedItem,
} from '../../src/contract/receiver.ts';
import type { ForwardedEvents, ForwardingIntake } from '../../src/contract/sites/forwarding.ts';
import type { FailedPoll, Snapshot } from '../../src/contract/snapshot.ts';
import { TroubleLog } from '../../src/trouble-log.ts';

export const ON_LINUX = platform() === 'linux';

export interface Recorded {
  readonly text: string;
  readonly sender: Sender;
  readonly receivedAt: number;
}

/** The far side of a receiver: keeps what it is given, and can be behind. */
export class RecordingIntake implements Intake {
  readonly messages: Recorded[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly failures: FailedPoll[] = [];
  readonly forwarded: ForwardedEvents[] = [];
  readonly refused: string[] = [];
  readonly samples: string[] = [];
  /** How often `drained` was asked for. */
  waiters = 0;
  behind = false;
  #caughtUp: (() => void)[] = [];

  get texts(): string[] {
    return this.messages.map(({ text }) => text);
  }

  receive(bytes: Uint8Array, sender: Sender, receivedAt: number): boolean {
    this.messages.push({ text: Buffer.from(bytes).toString(), sender, receivedAt });
    return !this.behind;
  }

  refuse(reason: string, sample: string): void {
    this.refused.push(reason);
    this.samples.push(sample);
  }

  submit(): Promise<never> {
    return Promise.reject(new Error('not a way for lines'));
  }

  async snapshot(snapshot: Snapshot): Promise<void> {
    this.snapshots.push(snapshot);
  }

  snapshotFailed(poll: FailedPoll): void {
    this.failures.push(poll);
  }

  readonly edges: ForwardingIntake = {
    positions: () => [],
    forward: (events) => {
      this.forwarded.push(events);
      return 'taken';
    },
    alive: () => {},
    takenOf: () => 0,
    behindOf: () => null,
  };

  drained(): Promise<void> {
    this.waiters += 1;
    return new Promise((resolve) => this.#caughtUp.push(resolve));
  }

  catchUp(): void {
    this.behind = false;
    for (const resolve of this.#caughtUp.splice(0)) resolve();
  }
}

/**
 * What the contract suite needs of a kind of receiver. A kind of type X has it in a file `test/receivers/X/under-test.ts`,
 * which exports `receiverUnderTest`, an async function that makes one.
 */
export interface ReceiverUnderTest {
  /** Not started. */
  readonly receiver: Receiver;
  /**
   * Makes the far side of a receiver that was started do what lets it call the intake; resolves when that is under way, also
   * where nobody listens any more.
   */
  provoke(): Promise<void>;
  dispose(): Promise<void>;
}

/** The far side of any receiver: takes everything, and knows how often it was called. */
export class HearingIntake implements Intake {
  calls = 0;

  receive(): boolean {
    this.calls += 1;
    return true;
  }

  refuse(): void {
    this.calls += 1;
  }

  async submit(items: readonly SubmittedItem[]): Promise<Outcome[]> {
    this.calls += 1;
    return items.map(() => ({ status: 'accepted' }));
  }

  async snapshot(): Promise<void> {
    this.calls += 1;
  }

  snapshotFailed(): void {
    this.calls += 1;
  }

  async drained(): Promise<void> {
    this.calls += 1;
  }

  readonly edges: ForwardingIntake = {
    positions: () => [],
    forward: () => {
      this.calls += 1;
      return 'taken';
    },
    alive: () => {},
    takenOf: () => 0,
    behindOf: () => null,
  };
}

export function recordingLog() {
  const lines: { level: 'info' | 'warn'; fields: object; message: string }[] = [];
  const log: ReceiverLog = {
    info: (fields, message) => void lines.push({ level: 'info', fields, message }),
    warn: (fields, message) => void lines.push({ level: 'warn', fields, message }),
  };
  return { log, lines };
}

export function partsUnderTest(name: string, log = recordingLog().log, lookAgainMs?: number): ReceiverParts {
  const troubles = new TroubleLog({ ...log, error: log.warn });
  const trouble = (kind: string, sample: string) => troubles.note(kind, sample);
  const parts = {
    name,
    storeId: 's',
    now: () => 1_700_000_000_000,
    folder: '.',
    log,
    trouble,
    isFull: () => false,
  };
  return lookAgainMs === undefined ? parts : { ...parts, lookAgainMs };
}

/** Port of the first address that a receiver listens on. */
export function portOf(receiver: Receiver): number {
  return Number(/\d+$/.exec(receiver.stats().listening?.[0] ?? '')?.[0]);
}

export function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(
    () => {
      if (!condition()) throw new Error(`never came true: ${condition}`);
    },
    { timeout: 10_000, interval: 2 },
  );
}
