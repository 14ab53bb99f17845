import { afterEach } from 'vitest';
import { qpsSchema } from '../../../receivers/qps/qps.schema.ts';
import { createQpsReceiver } from '../../../receivers/qps/qps.ts';
import type { PollWorld } from '../../../receivers/qps/server-polls.ts';
import type { SnapshotIntake } from '../../../src/contract/receiver.ts';
import type { FailedPoll, Snapshot } from '../../../src/contract/snapshot.ts';
import { TroubleLog } from '../../../src/trouble-log.ts';
import { partsUnderTest, type ReceiverUnderTest, recordingLog } from '../receivers-under-test.ts';
import { StandInQps, senseFile } from './stand-in.ts';

const toStop: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0)) await stop();
});

export const START = Date.parse('2026-11-28T10:00:00Z');
export const CERTIFICATES = {
  cert: senseFile('client'),
  key: senseFile('client_key'),
  ca: senseFile('root'),
};

/** Stopped after the test. */
export async function startStandIn(certificate?: string, port?: number): Promise<StandInQps> {
  const standIn = await StandInQps.start(certificate, port);
  toStop.push(() => standIn.stop());
  return standIn;
}

/** A clock that moves when told, and pauses that end when it has reached them. */
export class FakeWorld implements PollWorld {
  now = START;
  readonly #waiting = new Set<{ readonly until: number; readonly end: () => void }>();
  readonly #timeouts: { readonly until: number; readonly over: AbortController }[] = [];
  #keys = 0;

  /** How long the pauses that are under way still last. */
  get pauses(): number[] {
    return [...this.#waiting].map(({ until }) => until - this.now);
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pause = { until: this.now + ms, end: resolve };
    this.#waiting.add(pause);
    signal.addEventListener('abort', () => resolve());
    return promise.finally(() => this.#waiting.delete(pause));
  }

  timeout(ms: number): AbortSignal {
    const over = new AbortController();
    this.#timeouts.push({ until: this.now + ms, over });
    return over.signal;
  }

  createKey(): string {
    this.#keys += 1;
    return `key${String(this.#keys).padStart(13, '0')}`;
  }

  pass(ms: number): void {
    this.now += ms;
    for (const { until, end } of this.#waiting) if (until <= this.now) end();
    for (const { until, over } of this.#timeouts) if (until <= this.now) over.abort();
  }
}

/** Keeps what it is given. */
export class RecordingSnapshots implements SnapshotIntake {
  readonly snapshots: Snapshot[] = [];
  readonly failures: FailedPoll[] = [];
  /** What becomes of a snapshot. */
  take: () => Promise<void> = async () => {};

  snapshot(snapshot: Snapshot): Promise<void> {
    this.snapshots.push(snapshot);
    return this.take();
  }

  snapshotFailed(poll: FailedPoll): void {
    this.failures.push(poll);
  }

  /** Questions that were answered, well or not. */
  get answered(): number {
    return this.snapshots.length + this.failures.length;
  }

  /** Ids of the sessions of the latest snapshot. */
  get latest(): string[] | undefined {
    return this.snapshots.at(-1)?.sessions.map(({ id }) => id);
  }
}

/** `server`: the port of a stand-in, and further settings of it; it is one server unless `config` has others. */
export async function startPolls(server: StandInServer, config: object = {}) {
  const { receiver, ...parts } = createPolls(server, config);
  const intake = new RecordingSnapshots();
  toStop.push(() => receiver.stop());
  await receiver.start(intake);
  return { receiver, intake, ...parts };
}

type StandInServer = { readonly port: number; readonly [setting: string]: unknown };

function createPolls(server: StandInServer, config: object) {
  const servers = [{ host: '127.0.0.1', servername: 'sense1', node: 'sense1', ...server }];
  const settings = qpsSchema.parse({ type: 'qps', certificates: CERTIFICATES, servers, ...config });
  const world = new FakeWorld();
  const { log, lines } = recordingLog();
  const troubles = new TroubleLog({ ...log, error: log.warn });
  const trouble = (kind: string, sample: string) => troubles.note(kind, sample);
  const parts = { ...partsUnderTest('qps', log), now: () => world.now, trouble };
  return { receiver: createQpsReceiver(settings, parts, world), world, lines, troubles };
}

export async function receiverUnderTest(): Promise<ReceiverUnderTest> {
  const standIn = await StandInQps.start();
  const { receiver, world } = createPolls({ port: standIn.port }, {});
  return {
    receiver,
    provoke: async () => world.pass(30_000),
    dispose: async () => {
      await receiver.stop();
      await standIn.stop();
    },
  };
}
