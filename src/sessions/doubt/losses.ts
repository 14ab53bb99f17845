import type { Downtimes } from '../downtimes.ts';
import type { Identities } from '../identities.ts';
import type { Host, Key, Session } from '../session.ts';
import type { SessionSettings } from '../time-outs.ts';
import type { Doubt } from './doubt.ts';
import { add, isOfThisMachine, type LossWindow, left, sum } from './loss-window.ts';

/**
 * The losses that still matter, of every host together (`everywhere`) and of each by itself (`host.losses`). A loss
 * matters until whatever it may have hidden has ended: a session that nobody told us of lives no longer than the
 * maximal age.
 */
export class Losses {
  everywhere: LossWindow[] = [];
  readonly #identities: Identities;
  readonly #doubt: Doubt;
  readonly #settings: SessionSettings;
  readonly #downtimes: Downtimes;
  /** Hosts with a restart whose doubtful sessions have yet to be ended. */
  readonly #restarted = new Set<Host>();

  constructor(identities: Identities, doubt: Doubt, settings: SessionSettings, downtimes: Downtimes) {
    this.#identities = identities;
    this.#doubt = doubt;
    this.#settings = settings;
    this.#downtimes = downtimes;
  }

  /** Of a new store: nobody knows what was before. */
  begin(since: number): void {
    add(this.everywhere, {
      reason: 'warming_up',
      to: since,
      lines: null,
      epoch: 0,
      ended: 0,
      stage: 'none',
    });
  }

  /** Lines of any host may be lost. What other sites have sent waits where it is while this program does not read. */
  touchAll(reason: 'downtime' | 'drops' | 'excluded', to: number, lines: number | null): void {
    const epoch = this.#nextEpoch();
    add(this.everywhere, { reason, to, lines, epoch, ended: 0, stage: 'none' });
    for (const host of this.#identities.hosts.values()) {
      if (host.edgeSite === null || !isOfThisMachine(reason)) this.#doubt.raise(host, epoch);
    }
  }

  /** Lines of this host are lost, or its counter began again. */
  touch(
    host: Host,
    reason: 'gap' | 'restart' | 'clock',
    to: number,
    lines: number | null,
    seq?: number,
  ): void {
    const last = host.losses.at(-1);
    // Several gaps are found at once: one loss, as nothing came since that would be sure.
    if (reason === 'gap' && last?.reason === reason && last.to === to && host.doubt.sessions === 0) {
      last.lines = sum(last.lines, lines);
      return;
    }
    const epoch = this.#nextEpoch();
    const stage = reason === 'restart' ? 'pending' : 'none';
    add(host.losses, {
      reason,
      to,
      lines,
      epoch,
      ended: 0,
      stage,
      ...(seq === undefined ? {} : { seqs: [seq] }),
    });
    if (reason === 'restart') this.#restarted.add(host);
    this.#doubt.raise(host, epoch);
  }

  /**
   * Lines of these keys of the host were left out. Sessions of other keys stay as sure as they were: returns those
   * that carry another epoch now. Costs O(open sessions of the host).
   */
  leftOut(host: Host, keys: ReadonlySet<Key>, to: number, lines: number | null): Session[] {
    const before = host.doubt.epoch;
    const epoch = this.#nextEpoch();
    add(host.losses, { reason: 'excluded', to, lines, epoch, ended: 0, stage: 'none' });
    this.#doubt.raise(host, epoch);
    const sure: Session[] = [];
    for (const key of host.keys.values()) {
      if (key.open === null || keys.has(key)) continue;
      for (const session of key.open.sessions()) if (session.epoch === before) sure.push(session);
    }
    for (const session of sure) this.#doubt.clear(session);
    return sure;
  }

  #nextEpoch(): number {
    this.#identities.epoch += 1;
    return this.#identities.epoch;
  }

  /** The counter that had seemed to begin again goes on: there are two, and no session has ended by that. */
  withdrawRestart(host: Host): void {
    const last = host.losses.findLast(({ stage }) => stage === 'pending');
    if (last === undefined) return;
    last.stage = 'withdrawn';
    last.lines = 0;
  }

  /** Lines that had been counted as lost at `to` have come after all. */
  cameLate(host: Host, to: number): void {
    // Without session keys a late line may have gone to another session: then the counts are wrong by it for hours.
    if (!host.keysMatched || host.keysIgnored) return;
    const window = host.losses.find((each) => each.reason === 'gap' && each.to >= to);
    if (window !== undefined) this.#lessOne(host, window);
  }

  #lessOne(host: Host, window: LossWindow): void {
    if (window.lines === null) return;
    window.lines -= 1;
    // Nothing was lost, then.
    if (window.lines <= 0) host.losses = host.losses.filter((each) => each !== window);
  }

  /** The line of that number, which contradicted what was known, has found the session or connection that it was of. */
  withdrawClock(host: Host, seq: number): void {
    const window = host.losses.find(({ seqs }) => seqs?.includes(seq));
    if (window !== undefined) this.#lessOne(host, window);
  }

  /** A line shows that what was lost still has effects, one session more or less: the latest loss lasts longer. */
  renew(host: Host, now: number): void {
    const windows = [...this.everywhere, ...host.losses].filter((each) => each.stage !== 'withdrawn');
    const latest = windows.reduce<LossWindow | null>(
      (a, b) => (a === null || b.epoch > a.epoch ? b : a),
      null,
    );
    if (latest !== null) latest.to = Math.max(latest.to, now);
  }

  /** The sessions that ended with their proxy for all that is known: no line of them came for a time-out. */
  takeRestarted(now: number): Session[] {
    const { timeoutMs, graceMs } = this.#settings;
    const ended: Session[] = [];
    for (const host of this.#restarted) {
      let epoch = 0;
      for (const window of host.losses) {
        if (window.stage !== 'pending') continue;
        if (now <= window.to + timeoutMs + graceMs + this.#downtimes.since(window.to)) continue;
        window.stage = 'over';
        epoch = window.epoch;
      }
      // Hidden ones too.
      if (epoch > 0) ended.push(...olderThan(host, epoch));
      if (!host.losses.some(({ stage }) => stage === 'pending')) this.#restarted.delete(host);
    }
    return ended;
  }

  /** A session that a restart ended, or took back where `by` is -1. It still carries the epoch from before. */
  countEnded({ epoch, key }: Session, by: 1 | -1): void {
    const window = key.host.losses.find((each) => each.stage === 'over' && each.epoch > epoch);
    if (window !== undefined) window.ended = Math.max(0, window.ended + by);
  }

  /** Whether the window's time has not passed yet: what it hid may still be on. */
  isRecent({ to, stage }: LossWindow, now: number): boolean {
    const { maxAgeMs, graceMs } = this.#settings;
    return stage !== 'withdrawn' && now <= to + maxAgeMs + graceMs + this.#downtimes.since(to);
  }

  /** Forgets what matters no more. To be called each second. */
  forget(now: number): void {
    const { hosts } = this.#identities;
    this.everywhere = left(this.everywhere, (window) => {
      if (this.isRecent(window, now)) return true;
      for (const { doubt } of hosts.values()) if (doubt.isOlderThan(window.epoch)) return true;
      return false;
    });
    for (const host of hosts.values()) {
      const { doubt } = host;
      host.losses = left(
        host.losses,
        (window) => this.isRecent(window, now) || doubt.isOlderThan(window.epoch),
      );
    }
  }

  /** The clock was set back to `now`: no loss is over later. */
  clip(now: number): void {
    const clip = (windows: LossWindow[]) => {
      for (const window of windows) window.to = Math.min(window.to, now);
    };
    clip(this.everywhere);
    for (const host of this.#identities.hosts.values()) clip(host.losses);
  }

  /** After the windows were put back: restarts go on to be looked at. */
  restore(everywhere: readonly LossWindow[]): void {
    this.everywhere = everywhere.map((window) => ({ ...window }));
    for (const host of this.#identities.hosts.values()) {
      if (host.losses.some(({ stage }) => stage === 'pending')) this.#restarted.add(host);
    }
  }
}

function* olderThan(host: Host, epoch: number): Iterable<Session> {
  for (const key of host.keys.values()) {
    if (key.open === null) continue;
    for (const session of key.open.sessions()) if (session.epoch < epoch) yield session;
  }
}
