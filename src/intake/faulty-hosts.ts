import type { Fault } from '../formats/index.ts';
import { copied } from '../sessions/string-pool.ts';

/** Hosts and faults that are told apart. */
const MOST = 1_000;
/** Of those, so many make room at once: anybody makes up names. */
const PART = 8;

const BROKEN_CONVERTER =
  'its log4net did not load a converter that its LocalLogConfig.xml names: write that file anew with the command appender';

/** What to do about each fault. */
const REMEDIES: Readonly<Record<Fault, string>> = {
  not_utf8:
    'the names in its lines are guessed as windows-1252: put <encoding value="utf-8" /> into its appender, or say with "encoding" of the receiver what it sends',
  host_converter: BROKEN_CONVERTER,
  time_converter: `its time is no ISO 8601 with a zone, or ${BROKEN_CONVERTER}`,
  rownum_converter: BROKEN_CONVERTER,
};

interface HostFault {
  readonly host: string;
  readonly fault: Fault;
  lines: number;
  /** By our own clock, ms since 1970 UTC. */
  lastAt: number;
}

/** Which host has which fault, since the program started. */
export class FaultyHosts {
  readonly #known = new Map<string, HostFault>();

  /** Returns what to do about it. */
  note(fault: Fault, host: string, receivedAt: number): string {
    const key = `${fault} ${host}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.lines += 1;
      known.lastAt = receivedAt;
    } else {
      if (this.#known.size >= MOST) this.#makeRoom();
      this.#known.set(copied(key), { host: copied(host), fault, lines: 1, lastAt: receivedAt });
    }
    return REMEDIES[fault];
  }

  /** Those with the fewest lines, and of these the ones that were last seen longest ago. */
  #makeRoom(): void {
    const least = [...this.#known].sort(([, a], [, b]) => a.lines - b.lines || a.lastAt - b.lastAt);
    for (const [key] of least.slice(0, MOST / PART)) this.#known.delete(key);
  }

  get size(): number {
    return this.#known.size;
  }

  /** Those with the most lines, these first. */
  most(count: number): FaultyHosts['all'] {
    return this.all.sort((a, b) => b.lines - a.lines).slice(0, count);
  }

  /** In the order in which they were first seen. */
  get all(): (Readonly<HostFault> & { readonly remedy: string })[] {
    return [...this.#known.values()].map((each) => ({ ...each, remedy: REMEDIES[each.fault] }));
  }
}
