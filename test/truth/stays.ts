import type { SimulatedEvent } from '../../src/simulator/line.ts';
import { personOn } from './observed-site.ts';

interface Stay {
  readonly who: string;
  readonly host: string;
  readonly virtualProxy: string;
  readonly from: number;
  /** Null while it goes on. */
  to: number | null;
  /** An answer has listed it. Else nobody knows on which virtual proxy it is, or was: no line says so. */
  isPlaced: boolean;
}

/** How many sessions somebody had at the least and at the most, in a time. */
export interface LeastAndMost {
  least: number;
  most: number;
}

/** When which session was there, a while back: what an answer that is a little old may still say. */
export class Stays {
  readonly #stays = new Map<string, Stay>();

  apply({ kind, sessionKey, host, virtualProxy, user, at }: SimulatedEvent): void {
    const known = this.#stays.get(sessionKey);
    if (kind === 'session_start') {
      this.#stays.set(sessionKey, {
        who: personOn(host, user),
        host,
        virtualProxy,
        from: at,
        to: null,
        isPlaced: false,
      });
    } else if (kind === 'session_stop' && known !== undefined) known.to = at;
  }

  /** A virtual proxy has said who is on. */
  answered(host: string, virtualProxy: string): void {
    for (const stay of this.#stays.values()) {
      if (stay.host === host && stay.virtualProxy === virtualProxy && stay.to === null) stay.isPlaced = true;
    }
  }

  crash(host: string, at: number): void {
    for (const stay of this.#stays.values()) if (stay.host === host) stay.to ??= at;
  }

  forgetBefore(at: number): void {
    for (const [key, { to }] of this.#stays) if (to !== null && to < at) this.#stays.delete(key);
  }

  /**
   * Between a moment that depends on the place, and now. The virtual proxy is null of somebody who may have been on any of the
   * host. Nobody who was not there in that time is in it.
   */
  since(begin: (host: string, virtualProxy: string | null) => number): Map<string, LeastAndMost> {
    const sessions = new Map<string, LeastAndMost>();
    for (const { who, host, virtualProxy, from, to, isPlaced } of this.#stays.values()) {
      const beginning = begin(host, isPlaced ? virtualProxy : null);
      if (to !== null && to <= beginning) continue;
      const own = sessions.get(who) ?? { least: 0, most: 0 };
      own.most += 1;
      if (from <= beginning && to === null) own.least += 1;
      sessions.set(who, own);
    }
    return sessions;
  }
}
