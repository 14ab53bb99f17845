import type { Sender } from '../../src/contract/event.ts';
import type { Line, SimulatedEvent } from '../../src/simulator/line.ts';
import { seenSessions } from '../../src/simulator/proxy.ts';
import { createRandom } from '../../src/simulator/random.ts';
import {
  createNetwork,
  createSimulation,
  type Faults,
  type Simulation,
} from '../../src/simulator/simulation.ts';
import { differences, Figures } from './figures.ts';
import { ObservedSite, type Place } from './observed-site.ts';
import { Stays } from './stays.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** How long nothing goes wrong at first: an empty site fills up, and each host has been heard of. */
const WARM_UP_MS = 10 * MINUTE_MS;
/** Lines are handed over four times a second. */
const STEP_MS = SECOND_MS / 4;
export const POLL_MS = 30_000;
const SESSIONS = { timeoutMs: 30 * MINUTE_MS, graceMs: 5 * MINUTE_MS, maxAgeMs: 24 * HOUR_MS };

export interface DaySettings {
  readonly seed: number;
  readonly hours: number;
  readonly users: number;
  /** Events a second, on average. People live faster where it is more than they cause. */
  readonly rate: number;
  readonly faults: Faults;
  /** Lines of the first host alone are lost, late or twice. */
  readonly isFaultyAtOneHost: boolean;
  /** At each full minute every line that is under way has arrived, so that everything can be known then. */
  readonly settlesEachMinute: boolean;
  /** Sense says when a session times out. */
  readonly logsTimeouts: boolean;
  /** Lines say of which session they are. */
  readonly hasSessionKeys: boolean;
  /** Where not, polls are all that Headcount gets. */
  readonly sendsLines: boolean;
  /** How many of the polls fail, 0 to 1; null where nobody is asked. */
  readonly failingPolls: number | null;
  /** Headcount is killed, within a second after a commit, and started again after a while; from the beginning on. */
  readonly away: { readonly fromMs: number; readonly forMs: number } | null;
  /** When the proxy of the first host dies, from the beginning on. */
  readonly crashMs: number | null;
  /** How far the clock of the first host is ahead. */
  readonly clockOffsetMs: number;
  /** Headcount starts, with an empty store, when a third as many sessions are open as there are users. Else it has run for long. */
  readonly startsLate: boolean;
}

export const QUIET_DAY: DaySettings = {
  seed: 1,
  hours: 8,
  users: 2_000,
  rate: 4,
  faults: { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 },
  isFaultyAtOneHost: false,
  settlesEachMinute: false,
  logsTimeouts: true,
  hasSessionKeys: true,
  sendsLines: true,
  failingPolls: null,
  away: null,
  crashMs: null,
  clockOffsetMs: 0,
  startsLate: false,
};

/** Lets a site live for some hours beside Headcount, in far less time, and holds one against the other each second. */
export async function liveThrough(settings: DaySettings): Promise<Figures> {
  const day = new Day(settings);
  try {
    return await day.live();
  } finally {
    day.dispose();
  }
}

class Day {
  readonly #settings: DaySettings;
  readonly #simulation: Simulation;
  readonly #stays = new Stays();
  readonly #wire = new Wire();
  readonly #figures = new Figures();
  readonly #pollFails = createRandom(4_000_003);
  readonly #places: readonly Place[];
  /** When each place was polled with success, the last two times. */
  readonly #polls = new Map<string, number[]>();
  readonly #start: number;
  readonly #headcount: ObservedSite;
  #pending: SimulatedEvent;
  #isAway = false;
  /** Where nothing goes wrong. */
  readonly #goodNetwork = createNetwork<Line>(QUIET_DAY.faults, () => 1);
  /** Lines on their way during the warm-up. */
  #warming: Line[] = [];

  constructor(settings: DaySettings) {
    this.#settings = settings;
    this.#simulation = createSimulation({
      seed: settings.seed,
      startHour: 9,
      spanMs: settings.hours * HOUR_MS,
      rate: settings.rate,
      speed: 1,
      users: settings.users,
      hosts: 3,
      virtualProxies: 2,
      apps: 40,
      timeoutMs: SESSIONS.timeoutMs,
      logsTimeouts: settings.logsTimeouts,
      isExcluded: () => false,
      layout: 'headcount',
      utcOffsetMinutes: 120,
      clockOffsetMs: settings.clockOffsetMs,
      run: 'day',
      faults: settings.faults,
    });
    const { site } = this.#simulation;
    const { hosts, virtualProxies: allVirtualProxies } = site;
    this.#places = hosts.flatMap((host) =>
      allVirtualProxies.map((virtualProxy) => ({ host, virtualProxy, allVirtualProxies })),
    );
    this.#pending = site.next();
    this.#start = this.#fillUp();
    // A store that began at 0 is older than any session.
    this.#headcount = new ObservedSite(SESSIONS, settings.startsLate ? this.#start : 0);
  }

  /** People come before Headcount is there; the first full minute after that, when nothing has happened yet. */
  #fillUp(): number {
    const { truth, start } = this.#simulation;
    const { startsLate, users } = this.#settings;
    if (!startsLate) return start;
    while (truth.counts().active.sessions < users / 3) this.#happen(this.#pending.at);
    const begin = Math.ceil(this.#pending.at / MINUTE_MS) * MINUTE_MS;
    this.#happen(begin);
    this.#simulation.network.take(Number.POSITIVE_INFINITY);
    this.#warming = [];
    return begin;
  }

  async live(): Promise<Figures> {
    const end = this.#start + this.#settings.hours * HOUR_MS;
    for (let now = this.#start; now <= end; now += STEP_MS) {
      this.#happen(now);
      this.#befall(now);
      this.#arrive(now);
      if (now % SECOND_MS !== 0 || this.#isAway) continue;
      if ((now - this.#start) % POLL_MS === 0) await this.#poll(now);
      this.#headcount.tick(now);
      if (now >= this.#start + this.#warmUpMs) this.#compare(now);
    }
    return this.#figures;
  }

  /** A first start is looked at from its first second on. */
  get #warmUpMs(): number {
    return this.#settings.startsLate ? 0 : WARM_UP_MS;
  }

  /** What the people do until now. */
  #happen(now: number): void {
    const { site, truth, render, network, start } = this.#simulation;
    const { hasSessionKeys } = this.#settings;
    while (this.#pending.at <= now) {
      const event = this.#pending;
      truth.apply(event);
      this.#stays.apply(event);
      const line = render(hasSessionKeys ? event : { ...event, sessionKey: '(null)' }, event.at);
      this.#wire.wrote(event.host, line);
      if (event.at < start + WARM_UP_MS) this.#warming.push(line);
      else (this.#isFaulty(event.host) ? network : this.#goodNetwork).offer(line, event.at);
      this.#pending = site.next();
    }
  }

  #isFaulty(host: string): boolean {
    return !this.#settings.isFaultyAtOneHost || host === this.#simulation.site.hosts[0];
  }

  /** What goes wrong now, besides lines. */
  #befall(now: number): void {
    const { away, crashMs } = this.#settings;
    const [host] = this.#simulation.site.hosts;
    if (crashMs !== null && now === this.#start + crashMs && host !== undefined) {
      this.#simulation.crash(host);
      this.#stays.crash(host, now);
      this.#wire.crashed(host);
      if (this.#pending.host === host) this.#pending = this.#simulation.site.next();
    }
    if (away === null) return;
    if (now === this.#start + away.fromMs) this.#isAway = true;
    if (now !== this.#start + away.fromMs + away.forMs) return;
    this.#isAway = false;
    this.#polls.clear();
    this.#headcount.startAgain(now);
  }

  #arrive(now: number): void {
    const { settlesEachMinute, sendsLines } = this.#settings;
    const isSettling = settlesEachMinute && now % MINUTE_MS === 0;
    const arrived = this.#simulation.network.take(isSettling ? Number.POSITIVE_INFINITY : now);
    const lines = [...this.#warming, ...arrived, ...this.#goodNetwork.take(now)];
    this.#warming = [];
    if (this.#isAway || !sendsLines || lines.length === 0) return;
    this.#headcount.receive(
      lines.map((line) => this.#wire.arrived(line)),
      now,
    );
  }

  async #poll(now: number): Promise<void> {
    const { failingPolls } = this.#settings;
    if (failingPolls === null) return;
    for (const place of this.#places) {
      if (this.#pollFails() < failingPolls) continue;
      const seen = seenSessions(this.#simulation.truth, place.host, place.virtualProxy);
      await this.#headcount.snapshot(place, seen, now);
      this.#stays.answered(place.host, place.virtualProxy);
      const before = this.#polls.get(nameOf(place)) ?? [];
      this.#polls.set(nameOf(place), [...before.slice(-1), now]);
    }
    if (now === this.#start) {
      const wrong = differences(
        this.#headcount.trackedSessions(),
        this.#stays.since(() => now),
      );
      this.#figures.wrongAfterFirstRound = wrong.length;
      if (wrong.length > 0) this.#figures.example(now, 'wrong after the first round', wrong[0]);
    }
  }

  #compare(now: number): void {
    const truth = this.#simulation.truth.counts().active;
    const said = this.#headcount.say(now);
    // Where nobody sends lines, a line that has not come is no excuse.
    const isKnowable = !this.#settings.sendsLines || this.#wire.isKnowable;
    this.#figures.second(now, said, truth, isKnowable);
    if (now % MINUTE_MS !== 0) return;
    this.#figures.minute(now, said, truth);
    this.#stays.forgetBefore(now - HOUR_MS);
    if (!this.#places.every((place) => this.#polls.get(nameOf(place))?.length === 2)) return;
    // A poll that fails is no evidence, so the poll before the last one may be long ago.
    const recently = this.#stays.since((host, virtualProxy) => {
      const asked = this.#places.filter((place) => {
        return place.host === host && (virtualProxy === null || place.virtualProxy === virtualProxy);
      });
      return Math.min(...asked.map((place) => this.#polls.get(nameOf(place))?.[0] ?? 0));
    });
    this.#figures.polledMinute(now, said.quality, this.#headcount.trackedSessions(), recently);
  }

  dispose(): void {
    this.#headcount.dispose();
  }
}

function nameOf({ host, virtualProxy }: Pick<Place, 'host' | 'virtualProxy'>): string {
  return `${host}${virtualProxy}`;
}

interface Appender {
  readonly sender: Sender;
  /** The number of the latest line that it wrote, and of the latest that arrived. */
  written: number;
  arrived: number;
}

/** Knows which lines each host has written, and which of them have arrived. */
class Wire {
  readonly #appenders = new Map<string, Appender>();
  readonly #lines = new WeakMap<Line, { readonly host: string; readonly number: number }>();

  #of(host: string): Appender {
    const place = this.#appenders.size + 1;
    const sender = { address: `192.0.2.${place}`, port: 50_000 };
    const appender = this.#appenders.get(host) ?? { sender, written: 0, arrived: 0 };
    this.#appenders.set(host, appender);
    return appender;
  }

  wrote(host: string, line: Line): void {
    const appender = this.#of(host);
    appender.written += 1;
    this.#lines.set(line, { host, number: appender.written });
  }

  /** What the host would have had to tell is lost, and it sends from another port from now on. */
  crashed(host: string): void {
    const appender = this.#of(host);
    const sender = { ...appender.sender, port: appender.sender.port + 1 };
    this.#appenders.set(host, { ...appender, sender, written: appender.written + 1 });
  }

  arrived(line: Line): { readonly text: string; readonly sender: Sender } {
    const { host, number } = this.#lines.get(line) ?? { host: '', number: 0 };
    const appender = this.#of(host);
    appender.arrived = Math.max(appender.arrived, number);
    return { text: line.text, sender: appender.sender };
  }

  /** False while the latest that a host has written has not arrived: until its next line nobody can miss it. */
  get isKnowable(): boolean {
    return this.#appenders.values().every(({ written, arrived }) => written === arrived);
  }
}
