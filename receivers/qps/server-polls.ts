import { Agent } from 'node:https';
import type { User } from '../../src/contract/event.ts';
import type { PollStats, ReceiverParts, SnapshotIntake } from '../../src/contract/receiver.ts';
import type { Poll, Snapshot } from '../../src/contract/snapshot.ts';
import type { RenewedTlsFiles, TlsFiles } from '../tls-files.ts';
import { AnswerReader } from './answer.ts';
import { ask, LIMITS } from './ask.ts';
import { describe, type Failure, remedyOf } from './failure.ts';
import { pauseAfter, roughly, untilNext } from './pace.ts';
import { hostOf, type QpsConfig, type QpsServer } from './qps.schema.ts';

/** What the polls take from the world, so that tests can give them another. */
export interface PollWorld {
  /** Resolves after so many milliseconds, or when aborted; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted after so many milliseconds. */
  timeout(ms: number): AbortSignal;
  /** 16 letters or digits that nobody can guess. */
  createKey(): string;
}

/** What all servers of a receiver share. */
export interface PollParts extends ReceiverParts {
  readonly config: QpsConfig;
  readonly files: RenewedTlsFiles;
  readonly world: PollWorld;
  readonly isHidden: (user: User) => boolean;
}

interface ProxyState {
  stats: PollStats;
  /** When the first of the failures running happened; null while polls succeed. */
  failingSince: number | null;
}

/** The polls of one server, one at a time: each of its virtual proxies once a round. */
export class ServerPolls {
  readonly #server: QpsServer;
  readonly #host: string;
  readonly #parts: PollParts;
  readonly #proxies = new Map<string, ProxyState>();
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener('abort', () => resolve());
  });
  #pause = new AbortController();
  /** Rounds running without an answer of any kind. */
  #silentRounds = 0;
  #agent: { readonly files: TlsFiles; readonly agent: Agent } | null = null;
  #running: Promise<void> | null = null;

  constructor(server: QpsServer, parts: PollParts) {
    this.#server = server;
    this.#host = hostOf(server);
    this.#parts = parts;
    for (const virtualProxy of server.virtualProxies) {
      const stats = { ...NEVER_POLLED, host: this.#host, virtualProxy };
      this.#proxies.set(virtualProxy, { stats, failingSince: null });
    }
  }

  get stats(): PollStats[] {
    return [...this.#proxies.values()].map(({ stats }) => stats);
  }

  start(intake: SnapshotIntake): void {
    this.#running = this.#run(intake);
  }

  /** The intake is not called any more once this has resolved. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.abort();
    await this.#running;
    this.#agent?.agent.destroy();
  }

  /** Asks at once where the last round failed: something has changed. */
  wake(): void {
    if (this.stats.some(({ ok, polls }) => polls > 0 && !ok)) this.#pause.abort();
  }

  async #run(intake: SnapshotIntake): Promise<void> {
    const { now, config, world } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = now();
      this.#pause = new AbortController();
      await this.#round(intake);
      const pauseMs = pauseAfter(this.#silentRounds, config.interval);
      if (signal.aborted) return;
      await world.wait(untilNext(pauseMs, now() - startedAt), this.#pause.signal);
    }
  }

  async #round(intake: SnapshotIntake): Promise<void> {
    let away: Failure | null = null;
    let isSilent = true;
    for (const [virtualProxy, state] of this.#proxies) {
      const at = this.#parts.now();
      const reader = new AnswerReader(LIMITS, this.#parts.isHidden);
      const failure: Failure | null = away ?? (await this.#ask(virtualProxy, reader));
      if (this.#stopping.signal.aborted) return;
      const poll = {
        host: this.#host,
        virtualProxy,
        at,
        durationMs: Math.max(0, this.#parts.now() - at),
      };
      if (failure === null) {
        isSilent = false;
        await this.#succeed(state, this.#snapshotOf(poll, reader), reader.users, intake);
      } else {
        if (failure.reached === 'answer') isSilent = false;
        // Whoever cannot be reached is not asked for each of its virtual proxies.
        if (failure.reached === 'nothing') away = failure;
        this.#fail(state, poll, failure, intake);
      }
    }
    this.#noteSilence(isSilent);
  }

  async #ask(virtualProxy: string, reader: AnswerReader): Promise<Failure | null> {
    const { files, world, config } = this.#parts;
    if (files.current === null) {
      return { reason: 'certificates', detail: files.trouble ?? '', reached: 'nothing' };
    }
    return ask(
      {
        server: this.#server,
        virtualProxy,
        agent: this.#agentFor(files.current),
        key: world.createKey(),
        signal: AbortSignal.any([this.#stopping.signal, world.timeout(config.timeout)]),
      },
      reader,
    );
  }

  /** Connections are kept from round to round, until there are other files. */
  #agentFor(files: TlsFiles): Agent {
    if (this.#agent?.files === files) return this.#agent.agent;
    this.#agent?.agent.destroy();
    const agent = new Agent({ ...files, keepAlive: true, maxSockets: 1, minVersion: 'TLSv1.2' });
    this.#agent = { files, agent };
    return agent;
  }

  #snapshotOf(poll: Poll, reader: AnswerReader): Snapshot {
    const { complete, virtualProxies } = this.#server;
    return {
      ...poll,
      sessions: reader.sessions,
      hidden: reader.hidden,
      allVirtualProxies: complete ? virtualProxies : null,
      keepsUsers: this.#parts.config.users,
      whole: { server: this.#server.host, text: () => reader.text },
    };
  }

  async #succeed(
    state: ProxyState,
    snapshot: Snapshot,
    users: number,
    intake: SnapshotIntake,
  ): Promise<void> {
    const { virtualProxy, at, durationMs, sessions, hidden } = snapshot;
    const { log, name: receiver, trouble } = this.#parts;
    state.stats = {
      ...state.stats,
      polledAt: new Date(at).toISOString(),
      answeredAt: new Date(at).toISOString(),
      ok: true,
      sessions: sessions.length,
      users,
      hidden: hidden.length,
      error: null,
      durationMs,
      polls: state.stats.polls + 1,
    };
    if (state.failingSince !== null) {
      const after = roughly(at - state.failingSince);
      state.failingSince = null;
      log.info(
        { receiver, host: this.#host, virtualProxy },
        `polls of ${this.#host} ${virtualProxy} work again after ${after}`,
      );
    }
    const taken = intake.snapshot(snapshot).catch((error: Error) => {
      trouble(
        `${receiver}: a snapshot could not be taken`,
        `${this.#host} ${virtualProxy}: ${error.message}`,
      );
    });
    await Promise.race([taken, this.#stopped]);
  }

  #fail(state: ProxyState, poll: Poll, failure: Failure, intake: SnapshotIntake): void {
    const error = describe(failure);
    const { polls, failed } = state.stats;
    state.stats = {
      ...state.stats,
      polledAt: new Date(poll.at).toISOString(),
      ok: false,
      error,
      durationMs: poll.durationMs,
      polls: polls + 1,
      failed: failed + 1,
    };
    state.failingSince ??= poll.at;
    const { name, trouble } = this.#parts;
    trouble(
      `${name}: poll of ${this.#host} ${poll.virtualProxy} failed, ${failure.reason}`,
      `${error}; ${remedyOf(failure)}`,
    );
    intake.snapshotFailed({ ...poll, error });
  }

  #noteSilence(isSilent: boolean): void {
    const { log, name: receiver, config } = this.#parts;
    const before = pauseAfter(this.#silentRounds, config.interval);
    this.#silentRounds = isSilent ? this.#silentRounds + 1 : 0;
    const after = pauseAfter(this.#silentRounds, config.interval);
    if (after > before) {
      log.info(
        { receiver, host: this.#host },
        `${this.#host} does not answer at all; asked again in ${roughly(after)}`,
      );
    }
  }
}

const NEVER_POLLED = {
  polledAt: null,
  answeredAt: null,
  ok: false,
  sessions: null,
  users: null,
  hidden: null,
  error: null,
  durationMs: null,
  polls: 0,
  failed: 0,
} as const;
