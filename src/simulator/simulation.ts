import type { User } from '../contract/event.ts';
import { createLineRenderer, type Layout, type Line, type RenderLine } from './line.ts';
import { between, createRandom, type Random } from './random.ts';
import { createSchedule, createSite, type Site } from './site.ts';
import { createTruth, type Truth } from './truth.ts';

/** A Monday. The date is on no line: a node's clock shows the real time. */
const FIRST_DAY = Date.UTC(2024, 5, 3);

/** What to simulate. Times and rates are real (wall clock) ones; `speed` turns them into simulated ones. */
export interface SimulationSettings {
  readonly seed: number;
  /** Hour of the working day at which it begins, 0 to 24. */
  readonly startHour: number;
  /** Over how much real time `rate` is the average. */
  readonly spanMs: number;
  /** Events per second. */
  readonly rate: number;
  /** Simulated seconds per second. */
  readonly speed: number;
  readonly users: number;
  readonly hosts: number;
  /** Of each host; one unless given. */
  readonly virtualProxies?: number;
  readonly apps: number;
  readonly timeoutMs: number;
  /** The proxy logs a Stop when a session times out. Unless given no line tells. */
  readonly logsTimeouts?: boolean;
  readonly isExcluded: (user: User) => boolean;
  readonly layout: Layout;
  readonly utcOffsetMinutes: number;
  /** How far the clock of the first host is ahead, where it is wrong; negative where it is behind. */
  readonly clockOffsetMs?: number;
  /** Distinguishes this run from others of the same seed, where lines carry an identity. */
  readonly run: string;
  readonly faults: Faults;
}

/** A site and what surrounds it, before anything is sent. */
export interface Simulation {
  readonly site: Site;
  readonly truth: Truth;
  readonly render: RenderLine;
  readonly network: Network<Line>;
  /** The proxy of that host dies and is started again: its sessions are gone without a line, its row numbers begin again. */
  crash(host: string): void;
  /** When simulated time begins, milliseconds since 1970. */
  readonly start: number;
  readonly speed: number;
}

export function createSimulation(settings: SimulationSettings): Simulation {
  const { seed, speed, users, hosts, virtualProxies = 1, apps, isExcluded, logsTimeouts = false } = settings;
  const start = FIRST_DAY + settings.startHour * 3_600_000;
  const timeoutMs = settings.timeoutMs * speed;
  const [spanMs, rate] = [settings.spanMs * speed, settings.rate / speed];
  // Three streams of randomness: faults and layout change nothing in what the people do.
  const crowd = { users, hosts, virtualProxies, apps };
  const site = createSite({ start, spanMs, rate, ...crowd, timeoutMs, logsTimeouts }, createRandom(seed));
  const truth = createTruth({
    hosts: site.hosts,
    virtualProxies: site.virtualProxies,
    timeoutMs,
    isExcluded,
  });
  const rows = new Map<string, number>();
  const render = createLineRenderer(settings, createRandom(seed + 1_000_003), rows);
  const { clockOffsetMs = 0 } = settings;
  return {
    site,
    truth,
    render: (event, at) => render(event, event.host === site.hosts[0] ? at + clockOffsetMs : at),
    network: createNetwork<Line>(settings.faults, createRandom(seed + 2_000_003)),
    crash(host) {
      site.crash(host);
      truth.crash(host);
      rows.delete(host);
    },
    start,
    speed,
  };
}

/** Shares are 0 to 1. */
export interface Faults {
  readonly loss: number;
  /** How many lines a loss takes in a row, on average. Unless given each is lost by itself. */
  readonly lossBurst?: number;
  readonly duplicate: number;
  /** How many lines are late, by up to `reorderDelayMs`. */
  readonly reorder: number;
  readonly reorderDelayMs: number;
}

/** Always `offered = delivered - duplicated + lost`, once nothing waits any more. */
export interface NetworkCounts {
  readonly offered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly delivered: number;
  /** First copies that came out after one that was offered later. */
  readonly reordered: number;
}

/** A network with faults, without the wire: lines go in, and come out in the order of their arrival. */
export interface Network<T> {
  offer(item: T, at: number): void;
  /** Takes an item that nobody will ever get. */
  lose(): void;
  /** What has arrived by `at`. */
  take(at: number): T[];
  /** When the next one arrives, `null` when none is on its way. */
  nextAt(): number | null;
  counts(): NetworkCounts;
}

export function createNetwork<T>(faults: Faults, random: Random): Network<T> {
  const underway = createSchedule<{ readonly item: T; readonly number: number; readonly isCopy: boolean }>();
  const { loss, lossBurst = 1 } = faults;
  /** How likely a loss begins after a line that arrived, so that `loss` is the share of all. */
  const beginsLoss = loss / (loss + lossBurst * (1 - loss));
  let isLosing = false;
  let [offered, lost, duplicated, delivered, reordered, newest] = [0, 0, 0, 0, 0, 0];

  function isLost(): boolean {
    const goesOn = isLosing && lossBurst > 1 && random() >= 1 / lossBurst;
    isLosing = goesOn || random() < beginsLoss;
    return isLosing;
  }

  function delay(): number {
    return random() < faults.reorder ? between(random, 0, faults.reorderDelayMs) : 0;
  }

  function next(): T | null {
    const arrival = underway.take();
    if (arrival === null) return null;
    delivered += 1;
    if (!arrival.isCopy && arrival.number < newest) reordered += 1;
    newest = Math.max(newest, arrival.number);
    return arrival.item;
  }

  return {
    offer(item, at) {
      offered += 1;
      if (isLost()) {
        lost += 1;
        return;
      }
      underway.add(at + delay(), { item, number: offered, isCopy: false });
      if (random() >= faults.duplicate) return;
      duplicated += 1;
      underway.add(at + delay(), { item, number: offered, isCopy: true });
    },
    lose() {
      offered += 1;
      lost += 1;
    },
    take(at) {
      const arrived: T[] = [];
      for (let due = underway.nextAt(); due !== null && due <= at; due = underway.nextAt()) {
        const item = next();
        if (item !== null) arrived.push(item);
      }
      return arrived;
    },
    nextAt: () => underway.nextAt(),
    counts: () => ({ offered, lost, duplicated, delivered, reordered }),
  };
}
