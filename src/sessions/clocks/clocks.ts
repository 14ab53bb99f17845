import type { UserEvent } from '../../contract/event.ts';
import type { Host } from '../session.ts';
import { HostClock } from './host-clock.ts';

const REPEAT_MS = 60 * 60_000;

/** Takes the error of each host's clock out of the times in its lines, and notes how often they come. */
export class Clocks {
  readonly #hosts: ReadonlyMap<string, Host>;
  /** Called once an hour while a clock is off by more than a minute. */
  onOffset: (host: string, offsetMs: number) => void = () => {};

  constructor(hosts: ReadonlyMap<string, Host>) {
    this.#hosts = hosts;
  }

  /**
   * To be called for every line as it arrives. Where the clock of its host is known to be wrong, the line gets the time
   * that ours showed; `originalAt` keeps what stood there.
   */
  correct(line: UserEvent): void {
    const clock = this.note(line);
    if (clock === null || !clock.isOff) return;
    const offsetMs = clock.offsetMs ?? 0;
    if (line.timed) {
      const corrected = line as { at: number; originalAt: number | null };
      corrected.originalAt = line.at;
      corrected.at = line.at + offsetMs;
    }
    if (line.receivedAt - clock.toldAt < REPEAT_MS) return;
    clock.toldAt = line.receivedAt;
    this.onOffset(line.host, offsetMs);
  }

  /** Only learns from a line, as from those that the journal gives back: they were corrected when they came. */
  note({ at, originalAt, timed, host: name, receivedAt }: UserEvent): HostClock | null {
    const host = this.#hosts.get(name);
    host?.rhythm.heard(receivedAt, host.openSessions);
    const original = originalAt ?? (timed ? at : null);
    if (host === undefined || original === null) return null;
    host.clock ??= new HostClock();
    host.clock.note(receivedAt, receivedAt - original);
    return host.clock;
  }
}
