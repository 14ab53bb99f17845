import type { Blacklist, BlacklistRule } from '../../contract/blacklist.ts';
import type { EventReason } from '../../contract/event.ts';
import { Differences, type OurCause, type Report, type TheirCause } from './differences.ts';
import { keyOf, readMessage, type TheirMessage, type ToldEvent } from './event-key.ts';
import { Rates } from './rates.ts';

/** How far apart both may tell of one event. */
export const WINDOW_MS = 10_000;
/** At the edges of what is watched one of the two may lie outside. */
const EDGE_MS = 3_000;
/** Two messages of one event that left Sense through both appenders. */
const TWIN_MS = 2_000;
/** Events that wait for their counterpart; of more the oldest are decided sooner. */
const MOST_WAITING = 200_000;
/** Its receive buffer holds about so many datagrams, and its queue 200 messages. */
const BURST = 180;

export type Side = 'ours' | 'theirs';

/** An event as Headcount tells it. */
export interface OurEvent extends ToldEvent {
  readonly at: string;
  readonly reason: EventReason | null;
}

/** What may be known of both. */
export interface ComparisonParts {
  /** Of Headcount, by its rules. */
  readonly blacklist: Blacklist;
  /** `excludeUser` of Butler SOS, which compares letter by letter; null where it is not known. */
  readonly theirRules: readonly BlacklistRule[] | null;
  /** Messages a minute that it takes; null where it takes any number, or that is not known. */
  readonly theirMostAMinute: number | null;
}

interface Waiting {
  readonly key: string;
  readonly arrivedAt: number;
  isDone: boolean;
  readonly ours: OurEvent | null;
  readonly theirs: TheirMessage | null;
}

/** Sets what both tell side by side, on the clock of whoever watches: neither says the same time, or an identity. */
export class Comparison {
  readonly #parts: ComparisonParts;
  readonly #waiting = new Map<string, { readonly ours: Waiting[]; readonly theirs: Waiting[] }>();
  /** In the order in which they came. */
  #queue: Waiting[] = [];
  #decided = 0;
  readonly #rates = new Rates();
  /** When which message of a key was last found here, and through which appender it came. */
  #lastMatched = new Map<string, { readonly at: number; readonly messageType: string }>();
  readonly #hosts = new Map<string, { ours: number; theirs: number; both: number }>();
  /** Of hosts of which Butler SOS has told nothing: whether it ever does is known in the end. */
  readonly #lostThere: { readonly host: string; readonly cause: TheirCause; readonly sample: string }[] = [];
  readonly #missingHere = new Differences<OurCause>();
  readonly #counts = { ours: 0, theirs: 0, both: 0, notCompared: 0, undecided: 0, cut: 0, own: 0 };
  readonly #notInInflux: Record<string, number> = {};
  /** Nothing that came before that can be missed. */
  #from: number;
  #lostBeyond = 0;
  readonly #away = new Set<Side>();

  /** `now`: when both are being watched. Times: ms. */
  constructor(parts: ComparisonParts, now: number) {
    this.#parts = parts;
    this.#from = now;
  }

  /** One of both is no longer heard: nothing is decided until it is. */
  away(who: Side): void {
    this.#away.add(who);
  }

  /** It is heard from `now` on. What came meanwhile is undecided. */
  back(who: Side, now: number): void {
    this.#away.delete(who);
    for (const waiting of this.#queue) if (!waiting.isDone) this.#leaveUndecided(waiting);
    this.#from = now;
  }

  takeOurs(event: OurEvent, now: number): void {
    if (event.kind === 'session_rejected' || event.reason === 'snapshot' || event.reason === 'restart') {
      this.#counts.notCompared += 1;
      return;
    }
    this.#counts.ours += 1;
    this.#host(event.host).ours += 1;
    this.#rates.note(now);
    this.#pair({ key: keyOf(event), arrivedAt: now, isDone: false, ours: event, theirs: null });
  }

  takeTheirs(text: string, now: number): void {
    const message = readMessage(text);
    if (message === null) return;
    if (message === 'own') {
      this.#counts.own += 1;
      return;
    }
    this.#counts.theirs += 1;
    if (message.isCut) this.#counts.cut += 1;
    for (const name of message.empty) this.#notInInflux[name] = (this.#notInInflux[name] ?? 0) + 1;
    if (message.event === null) {
      this.#missingHere.add('refused', `${message.refused}: ${nameOf(message.user)}`);
      return;
    }
    this.#host(message.event.host).theirs += 1;
    this.#pair({ key: keyOf(message.event), arrivedAt: now, isDone: false, ours: null, theirs: message });
  }

  #host(name: string): { ours: number; theirs: number; both: number } {
    const counts = this.#hosts.get(name) ?? { ours: 0, theirs: 0, both: 0 };
    this.#hosts.set(name, counts);
    return counts;
  }

  /** With the oldest counterpart, where one waits. */
  #pair(waiting: Waiting): void {
    const { key } = waiting;
    const known = this.#waiting.get(key) ?? { ours: [], theirs: [] };
    this.#waiting.set(key, known);
    const counterpart = (waiting.ours === null ? known.ours : known.theirs).shift();
    if (counterpart === undefined) {
      (waiting.ours === null ? known.theirs : known.ours).push(waiting);
      this.#queue.push(waiting);
      if (this.#queue.length - this.#decided > MOST_WAITING) this.#decideNext();
      return;
    }
    counterpart.isDone = true;
    this.#forget(key);
    const theirs = waiting.theirs ?? counterpart.theirs;
    this.#lastMatched.set(key, { at: waiting.arrivedAt, messageType: theirs?.messageType ?? '' });
    this.#counts.both += 1;
    this.#host(hostOf(waiting)).both += 1;
  }

  #forget(key: string): void {
    const known = this.#waiting.get(key);
    if (known?.ours.length === 0 && known.theirs.length === 0) this.#waiting.delete(key);
  }

  /** Decides on whatever waits longer than its counterpart may take. To be called now and then. */
  settle(now: number): void {
    if (this.#away.size > 0) return;
    for (let next = this.#queue[this.#decided]; next !== undefined; next = this.#queue[this.#decided]) {
      if (!next.isDone && now - next.arrivedAt < WINDOW_MS) break;
      this.#decideNext();
    }
    this.#queue = this.#queue.slice(this.#decided);
    this.#decided = 0;
    this.#rates.forgetBefore(now - 2 * WINDOW_MS - 60_000);
    for (const [key, { at }] of this.#lastMatched)
      if (now - at > WINDOW_MS + TWIN_MS) this.#lastMatched.delete(key);
  }

  /** Nothing more comes. */
  end(now: number): void {
    for (const waiting of this.#queue.slice(this.#decided)) {
      if (waiting.isDone) continue;
      const isAtEdge = now - waiting.arrivedAt < EDGE_MS || waiting.arrivedAt - this.#from < EDGE_MS;
      if (this.#away.size > 0 || isAtEdge) this.#leaveUndecided(waiting);
      else this.#decide(waiting);
    }
    this.#queue = [];
    this.#decided = 0;
  }

  #decideNext(): void {
    const next = this.#queue[this.#decided++];
    if (next === undefined || next.isDone) return;
    if (this.#away.size > 0 || next.arrivedAt - this.#from < EDGE_MS) this.#leaveUndecided(next);
    else this.#decide(next);
  }

  #take(waiting: Waiting): void {
    waiting.isDone = true;
    const known = this.#waiting.get(waiting.key);
    const side = waiting.ours === null ? known?.theirs : known?.ours;
    const place = side?.indexOf(waiting) ?? -1;
    if (place >= 0) side?.splice(place, 1);
    this.#forget(waiting.key);
  }

  #leaveUndecided(waiting: Waiting): void {
    this.#take(waiting);
    this.#counts.undecided += 1;
  }

  #decide(waiting: Waiting): void {
    this.#take(waiting);
    const { ours, theirs, arrivedAt } = waiting;
    if (ours !== null) this.#missThere(ours, arrivedAt);
    else if (theirs !== null)
      this.#missingHere.add(this.#causeHere(waiting, theirs), sampleOf(theirs.event, arrivedAt));
  }

  #missThere(event: OurEvent, arrivedAt: number): void {
    if (this.#lostThere.length >= MOST_WAITING) {
      this.#lostBeyond += 1;
      return;
    }
    const sample = `${event.at} ${event.kind} ${nameOf(event.user)} on ${event.host}`;
    this.#lostThere.push({ host: event.host, cause: this.#causeThere(event, arrivedAt), sample });
  }

  #causeThere({ user }: OurEvent, arrivedAt: number): TheirCause {
    const { theirRules, theirMostAMinute } = this.#parts;
    const isExcluded = theirRules?.some(
      ({ directory, userId }) => user !== null && directory === (user.directory ?? '') && userId === user.id,
    );
    if (isExcluded === true) return 'excluded';
    const aMinute = this.#rates.within(arrivedAt - 60_000, arrivedAt);
    if (theirMostAMinute !== null && aMinute > theirMostAMinute) return 'rate_limit';
    return this.#rates.within(arrivedAt - 500, arrivedAt + 500) >= BURST ? 'burst' : 'lost';
  }

  #causeHere({ key, arrivedAt }: Waiting, { event, messageType }: TheirMessage): OurCause {
    if (this.#parts.blacklist.excludes(event?.user ?? null)) return 'excluded';
    const other = this.#lastMatched.get(key);
    const isTwin = other !== undefined && Math.abs(other.at - arrivedAt) <= TWIN_MS;
    return isTwin && other.messageType !== messageType ? 'twice' : 'lost';
  }

  get report(): Report {
    const missingThere = new Differences<TheirCause>();
    for (const { host, cause, sample } of this.#lostThere) {
      const isSilent = this.#host(host).theirs === 0 && cause !== 'excluded';
      missingThere.add(isSilent ? 'no_host' : cause, sample);
    }
    for (let n = 0; n < this.#lostBeyond; n += 1) missingThere.add('lost', '');
    return {
      ...this.#counts,
      missingThere: missingThere.all,
      missingHere: this.#missingHere.all,
      notInInflux: this.#notInInflux,
      hosts: this.#hosts,
    };
  }
}

function hostOf({ ours, theirs }: Waiting): string {
  return ours?.host ?? theirs?.event?.host ?? '';
}

function sampleOf(event: ToldEvent | null, arrivedAt: number): string {
  const what = event === null ? '' : `${event.kind} ${nameOf(event.user)} on ${event.host}`;
  return `${new Date(arrivedAt).toISOString()} ${what}`;
}

function nameOf(user: { readonly directory: string | null; readonly id: string } | null): string {
  return user === null ? 'nobody' : `${user.directory ?? ''}\\${user.id}`;
}
