import type { User } from '../contract/event.ts';
import { describe, type SimulatedEvent } from './line.ts';
import { createPeople, identify, type Person } from './people.ts';
import { guid, integer, pick, type Random } from './random.ts';
import {
  busyness,
  createInstants,
  createServiceCall,
  createTimeout,
  createVisit,
  EVENTS_PER_SESSION,
  type Step,
} from './visit.ts';

export interface SiteOptions {
  /** Where simulated time begins, milliseconds since 1970; its UTC hour is the hour of the working day. */
  readonly start: number;
  /** Over how much simulated time `rate` is the average. */
  readonly spanMs: number;
  /** Events per simulated second. */
  readonly rate: number;
  readonly users: number;
  readonly hosts: number;
  /** Of each host. */
  readonly virtualProxies: number;
  readonly apps: number;
  /** Inactivity time-out of the proxy, simulated: how long an abandoned session stays active. */
  readonly timeoutMs: number;
  /** The proxy logs a Stop for an abandoned session when it times out; else no line says so. */
  readonly logsTimeouts: boolean;
}

export interface Site {
  readonly hosts: readonly string[];
  /** As a path says them: `/` for the default one. */
  readonly virtualProxies: readonly string[];
  readonly appIds: readonly string[];
  /** The next event; times never go back. Endless. */
  next(): SimulatedEvent;
  /** The proxy of that host dies: its sessions are gone, and no event says so. A minute later one can log in there again. */
  crash(host: string): void;
}

interface Session {
  readonly person: Person;
  readonly user: User;
  readonly host: string;
  readonly virtualProxy: string;
  readonly key: string;
  readonly startedAt: number;
  readonly steps: readonly Step[];
  readonly abandons: boolean;
  done: number;
}

/** Where one logs in. */
type Place = Pick<Session, 'host' | 'virtualProxy'>;

/** At the busiest hour about this share of all people is logged in. */
const PRESENT_SHARE = 0.7;
/** How long a proxy takes to start. */
const RESTART_MS = 60_000;
/** How many of the log-ins are the service account's. */
const SERVICE_SHARE = 0.03;
/** How often a second session of someone is allowed: another browser, at another place. */
const SECOND_SESSION_SHARE = 0.05;

/**
 * A Sense site full of people. The same options and randomness give the same events.
 *
 * The rate is kept whatever it is: people live on a clock of their own, which never runs slower than the
 * simulated one and jumps ahead to the next thing anyone wanted to do when the rate asks for more.
 */
export function createSite(options: SiteOptions, random: Random): Site {
  const hosts = Array.from({ length: options.hosts }, (_, n) => `sense-proxy${n + 1}`);
  const virtualProxies = nameVirtualProxies(options.virtualProxies);
  const places = virtualProxies.flatMap((virtualProxy) =>
    hosts.map((host): Place => ({ host, virtualProxy })),
  );
  const appIds = Array.from({ length: options.apps }, () => guid(random));
  const people = createPeople(random, options.users);
  const nextInstant = createInstants(random, options.start, options.spanMs, options.rate);
  const plans = createSchedule<Session>();
  const present = new Map<Person, Set<Session>>();
  const live = new Set<Session>();
  const downUntil = new Map<string, number>();
  const abandonShare = chooseAbandonShare(options);
  let [now, life] = [options.start, options.start];

  function logIn(person: Person, place: Place): Session {
    const leaves = person.sort !== 'service' && random() < abandonShare;
    const createSteps = person.sort === 'service' ? createServiceCall : createVisit;
    const steps = createSteps(random, options.apps, leaves);
    if (leaves && options.logsTimeouts) steps.push(createTimeout(steps, options.timeoutMs));
    const user = identify(random, person);
    const key = guid(random, 'c0de');
    const abandons = leaves && !options.logsTimeouts;
    const session: Session = { person, user, ...place, key, startedAt: life, steps, abandons, done: 0 };
    present.set(person, (present.get(person) ?? new Set()).add(session));
    live.add(session);
    plan(session);
    return session;
  }

  function plan(session: Session): void {
    const step = session.steps[session.done];
    if (step !== undefined) plans.add(session.startedAt + step.offsetMs, session);
  }

  function leave(session: Session): void {
    const own = present.get(session.person);
    own?.delete(session);
    if (own?.size === 0) present.delete(session.person);
    live.delete(session);
  }

  function takeStep(session: Session): SimulatedEvent {
    const step = session.steps[session.done];
    if (step === undefined) throw new Error('a session without a next step was planned');
    session.done += 1;
    plan(session);
    const abandons = session.abandons && session.done === session.steps.length;
    if (step.kind === 'session_stop' || abandons) leave(session);
    return describe(session, step, appIds[step.appIndex ?? -1] ?? null, now, abandons);
  }

  /** Someone who is away, and a place to log in at; `null` when nobody was found. */
  function findArrival(): { person: Person; place: Place } | null {
    for (let tries = 0; tries < 20; tries += 1) {
      const person = random() < SERVICE_SHARE ? people[0] : pick(random, people);
      const own = [...(present.get(person) ?? [])];
      const place = places[integer(random, places.length)];
      if (place === undefined || own.some((session) => isAt(place, session))) continue;
      if (now < (downUntil.get(place.host) ?? 0)) continue;
      const mayStart = own.length === 0 || random() < SECOND_SESSION_SHARE;
      if (mayStart) return { person, place };
    }
    return null;
  }

  function next(): SimulatedEvent {
    const instant = Math.floor(nextInstant());
    life += instant - now;
    now = instant;
    for (;;) {
      const due = plans.nextAt();
      if (due === null || due > life) {
        const room = Math.max(4, PRESENT_SHARE * options.users * busyness(now));
        const arrival = random() < 1 - live.size / room || due === null ? findArrival() : null;
        if (arrival !== null) return describe(logIn(arrival.person, arrival.place), null, null, now, false);
        if (due !== null) life = due;
      } else {
        const session = plans.take();
        if (session !== null && live.has(session)) return takeStep(session);
      }
    }
  }

  function crash(host: string): void {
    downUntil.set(host, now + RESTART_MS);
    for (const session of live) if (session.host === host) leave(session);
  }

  return { hosts, virtualProxies, appIds, next, crash };
}

function isAt(place: Place, { host, virtualProxy }: Place): boolean {
  return place.host === host && place.virtualProxy === virtualProxy;
}

/** `/`, `/sales`, `/finance`, `/hr`, `/vp5`, and so on. */
function nameVirtualProxies(count: number): string[] {
  const names = ['/', '/sales', '/finance', '/hr'];
  return Array.from({ length: count }, (_, n) => names[n] ?? `/vp${n + 1}`);
}

/** Up to one in four; less where sessions come so fast that the forgotten ones would outnumber the others. */
function chooseAbandonShare({ rate, users, timeoutMs }: SiteOptions): number {
  const perTimeout = ((rate / EVENTS_PER_SESSION) * timeoutMs) / 1000;
  return Math.min(0.25, (0.15 * PRESENT_SHARE * users) / perTimeout);
}

/** Items that wait for their time: a binary heap, so adding and taking cost O(log n). Equal times: first in, first out. */
export interface Schedule<T> {
  readonly size: number;
  /** The earliest time, `null` when nothing waits. */
  nextAt(): number | null;
  add(at: number, item: T): void;
  take(): T | null;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

export function createSchedule<T>(): Schedule<T> {
  const heap: Entry<T>[] = [];
  let added = 0;
  return {
    get size() {
      return heap.length;
    },
    nextAt: () => heap[0]?.at ?? null,
    add(at, item) {
      added += 1;
      siftUp(heap, { at, order: added, item });
    },
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return null;
      if (heap.length > 0) siftDown(heap, last);
      return first.item;
    },
  };
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function siftUp<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let hole = heap.length;
  while (hole > 0) {
    const above = (hole - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[hole] = parent;
    hole = above;
  }
  heap[hole] = entry;
}

function siftDown<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let hole = 0;
  for (;;) {
    const left = 2 * hole + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    if (a === undefined) break;
    const [child, at] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
    if (!isBefore(child, entry)) break;
    heap[hole] = child;
    hole = at;
  }
  heap[hole] = entry;
}
