import { platform } from 'node:os';
import { vi } from 'vitest';
import type { Sender } from '../../src/contract/event.ts';
import type { Intake, Receiver, ReceiverLog, ReceiverParts } from '../../src/contract/receiver.ts';
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

  drained(): Promise<void> {
    this.waiters += 1;
    return new Promise((resolve) => this.#caughtUp.push(resolve));
  }

  catchUp(): void {
    this.behind = false;
    for (const resolve of this.#caughtUp.splice(0)) resolve();
  }
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
  const parts = { name, now: () => 1_700_000_000_000, folder: '.', log, trouble, isFull: () => false };
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
