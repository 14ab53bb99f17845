import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostAndPort } from '../../src/contract/host.ts';
import {
  defineReceiver,
  type Receiver,
  type ReceiverParts,
  type ReceiverStats,
  type SnapshotIntake,
} from '../../src/contract/receiver.ts';
import { formatDuration } from '../../src/contract/settings.ts';
import { createBlacklist } from '../../src/intake/blacklist.ts';
import { LOOK_AGAIN_MS } from '../listen.ts';
import { pathsFrom, RenewedTlsFiles, type TlsPaths, validTo } from '../tls-files.ts';
import { ExpiryReminder, examineCertificates, expiryNotes } from './certificates.ts';
import { type QpsConfig, qpsSchema } from './qps.schema.ts';
import { type PollWorld, ServerPolls } from './server-polls.ts';

/** It asks, so it can be started with less than what receivers of lines need. */
export interface QpsReceiver extends Receiver {
  start(intake: SnapshotIntake): Promise<void>;
  lookAgain(): Promise<void>;
}

/** Asks proxy services who has a session, through the API that they have for that (QPS). */
export function createQpsReceiver(
  config: QpsConfig,
  parts: ReceiverParts,
  world: PollWorld = REAL_WORLD,
): QpsReceiver {
  return new Qps(config, parts, world);
}

export const qpsReceiver = defineReceiver({
  schema: qpsSchema,
  create: (config, parts) => createQpsReceiver(config, parts),
  async examine({ certificates }, folder, now) {
    const notes = await examineCertificates(pathsFrom(folder, certificates), now);
    return notes.map(({ key, text, isProblem }) => ({ path: ['certificates', key], text, isProblem }));
  },
  notes: ({ servers, interval, users }) => [
    ...servers.map(
      ({ host, port, virtualProxies }) => `${hostAndPort(host, port)} ${virtualProxies.join(' ')}`,
    ),
    `every ${formatDuration(interval)}`,
    ...(users ? [] : ['numbers only']),
  ],
});

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KEY_LETTERS = 16;

const REAL_WORLD: PollWorld = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  timeout: (ms) => AbortSignal.timeout(ms),
  createKey: () => Array.from({ length: KEY_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
};

class Qps implements QpsReceiver {
  readonly name: string;
  readonly #parts: ReceiverParts;
  readonly #paths: TlsPaths;
  readonly #files: RenewedTlsFiles;
  readonly #reminder = new ExpiryReminder();
  readonly #servers: readonly ServerPolls[];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(config: QpsConfig, parts: ReceiverParts, world: PollWorld) {
    this.name = parts.name;
    this.#parts = parts;
    this.#paths = pathsFrom(parts.folder, config.certificates);
    this.#files = new RenewedTlsFiles('certificates', this.#paths, parts, () => {
      for (const server of this.#servers) server.wake();
    });
    const { excludes } = createBlacklist(config.blacklist);
    const shared = { ...parts, config, world, files: this.#files, isHidden: excludes };
    this.#servers = config.servers.map((server) => new ServerPolls(server, shared));
  }

  /** Resolves whether or not anybody can be asked: that is said, and tried again. */
  async start(intake: SnapshotIntake): Promise<void> {
    await this.lookAgain();
    if (this.#isStopped) return;
    const again = this.#parts.lookAgainMs ?? LOOK_AGAIN_MS;
    this.#timer = setInterval(() => void this.lookAgain(), again).unref();
    for (const server of this.#servers) server.start(intake);
  }

  /** Takes renewed certificates, and says when they end. */
  async lookAgain(): Promise<void> {
    await this.#files.refresh();
    const { current } = this.#files;
    if (current === null) return;
    const { log, now, name: receiver } = this.#parts;
    const notes = expiryNotes(this.#paths, current, now());
    for (const { text } of this.#reminder.due(notes, now())) log.warn({ receiver }, text);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  stats(): ReceiverStats {
    const { current, trouble } = this.#files;
    const ends = { validTo: null, rootValidTo: null };
    const known = current && { validTo: validTo(current.cert), rootValidTo: validTo(current.ca ?? '') };
    return {
      name: this.name,
      received: 0,
      kernelDropped: null,
      polls: this.#servers.flatMap((server) => server.stats),
      tls: { ...(known ?? ends), trouble },
    };
  }
}
