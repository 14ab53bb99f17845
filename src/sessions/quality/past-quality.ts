import { QUALITIES, QUALITY_REASONS } from '../../contract/quality.ts';
import type { Downtimes } from '../downtimes.ts';
import type { Host } from '../session.ts';
import type { QualityLook } from './quality-look.ts';
import type { QualityStatement } from './statement.ts';

/** Why nobody knows who was on at a moment. */
export const UNKNOWN_REASONS = ['before_store', 'not_running', 'future'] as const;
/** `forgotten`: how right the counts were then is not remembered any more. `partial`: those of some partitions are not in it. */
export const MOMENT_REASONS = [...QUALITY_REASONS, ...UNKNOWN_REASONS, 'forgotten', 'partial'] as const;
export const MOMENT_QUALITIES = [...QUALITIES, 'unknown'] as const;

/** How right it is what the store says of one moment. */
export interface MomentStatement {
  readonly quality: (typeof MOMENT_QUALITIES)[number];
  readonly reasons: readonly (typeof MOMENT_REASONS)[number][];
}

/** From when on the counts were so right, until the next change. Milliseconds since 1970 UTC. */
export interface QualityChange extends Pick<QualityStatement, 'quality' | 'reasons'> {
  readonly from: number;
}

/** What was lost before anybody could notice it, as row numbers show it afterwards. */
export interface PastLoss {
  readonly host: string;
  readonly reason: 'gap' | 'restart';
  readonly from: number;
  readonly to: number;
}

/** What a checkpoint keeps besides the changes over all. */
export interface PastOfHosts {
  readonly changes: readonly (readonly [host: string, changes: readonly QualityChange[]])[];
  readonly losses: readonly PastLoss[];
}

const MOST_CHANGES = 500;
/** Of those beyond it is said what was true over all. */
const MOST_HOSTS = 500;
/** Those of which fewer lines came get a list only while there are fewer lists than that: names may be made up. */
const PROVEN_LINES = 8;
const MOST_NEW_HOSTS = 100;
const MOST_CHANGES_OF_HOST = 100;
const MOST_LOSSES = 500;
/** A loss is noticed so late at most: row numbers are waited for, and drops are looked at once a second. */
const NOTICED_WITHIN_MS = 10_000;

/** Remembers how right the counts were, so that an answer about a past moment says it. */
export class PastQuality {
  readonly #downtimes: Downtimes;
  #changes: readonly QualityChange[] = [];
  readonly #ofHosts = new Map<string, readonly QualityChange[]>();
  #losses: readonly PastLoss[] = [];

  constructor(downtimes: Downtimes) {
    this.#downtimes = downtimes;
  }

  get changes(): readonly QualityChange[] {
    return this.#changes;
  }

  get ofHosts(): PastOfHosts {
    return { changes: [...this.#ofHosts], losses: this.#losses };
  }

  restore(changes: readonly QualityChange[], ofHosts: PastOfHosts = { changes: [], losses: [] }): void {
    this.#changes = changes;
    for (const [host, own] of ofHosts.changes) this.#ofHosts.set(host, own);
    this.#losses = ofHosts.losses;
  }

  /** To be called once a second, with what is said of this moment. */
  noteAll(now: number, look: QualityLook, hosts: ReadonlyMap<string, Host>): void {
    this.note(now, look.all);
    for (const host of hosts.values()) this.noteHost(now, look, host, hosts);
  }

  /** What is said of one host, if there is room for it among those that are known. */
  noteHost(now: number, look: QualityLook, host: Host, hosts: ReadonlyMap<string, Host>): void {
    if (this.#hasRoomFor(host, hosts)) this.note(now, look.of(host), host.name);
  }

  /** A name that is not known any more keeps no list when another one wants it. */
  #hasRoomFor({ name, standing }: Host, hosts: ReadonlyMap<string, Host>): boolean {
    if (this.#ofHosts.has(name)) return true;
    const most = standing.lines < PROVEN_LINES ? MOST_NEW_HOSTS : MOST_HOSTS;
    if (this.#ofHosts.size < most) return true;
    if (most < MOST_HOSTS) return false;
    for (const known of this.#ofHosts.keys()) {
      if (hosts.has(known)) continue;
      this.#ofHosts.delete(known);
      return true;
    }
    return false;
  }

  /** What is said of the counts now, of one host or of all. */
  note(now: number, statement: Omit<QualityChange, 'from'>, host: string | null = null): void {
    if (host === null) {
      this.#changes = withNew(this.#changes, now, statement, MOST_CHANGES);
      return;
    }
    const own = this.#ofHosts.get(host) ?? [];
    this.#ofHosts.set(host, withNew(own, now, statement, MOST_CHANGES_OF_HOST));
  }

  /** It has turned out that lines were lost in a time of which something better was said. */
  lost(loss: PastLoss): void {
    // So much is looked ahead anyway.
    if (loss.to - loss.from <= NOTICED_WITHIN_MS) return;
    this.#losses = [...this.#losses, loss].slice(-MOST_LOSSES);
  }

  /** `since`: when the store began. `host`: null for all. */
  of(moment: number, since: number, now: number, host: string | null = null): MomentStatement {
    if (moment > now) return unknown('future');
    if (moment < since) return unknown('before_store');
    if (this.#downtimes.list.some(({ from, to }) => from <= moment && moment < to)) {
      return unknown('not_running');
    }
    const first = this.#changes[0]?.from ?? Number.POSITIVE_INFINITY;
    // A store is as it is first noted from its beginning on; without that note the beginning is missing.
    const isKept = moment >= first || first - since <= NOTICED_WITHIN_MS;
    if (!isKept || moment < this.#downtimes.rememberedFrom) {
      return { quality: 'estimated', reasons: ['forgotten'] };
    }
    const own = host === null ? undefined : this.#ofHosts.get(host);
    // Before the first note of a host it is not better than all are.
    const isKnown = own?.[0] !== undefined && own[0].from <= moment;
    const changes = isKnown && own !== undefined ? own : this.#changes;
    const said = during(changes, moment, Math.max(moment + NOTICED_WITHIN_MS, isKnown ? moment : first));
    const isMissed = (loss: PastLoss) =>
      loss.from <= moment && moment < loss.to && (host === null || loss.host === host);
    const missed = this.#losses.filter(isMissed).map(({ from, reason }) => asChange(from, reason));
    return worst([...said, ...missed]);
  }
}

function asChange(from: number, reason: PastLoss['reason']): QualityChange {
  return { from, quality: 'estimated', reasons: [reason] };
}

/** The same list where nothing has changed, as nearly always. */
function withNew(
  changes: readonly QualityChange[],
  now: number,
  { quality, reasons }: Omit<QualityChange, 'from'>,
  most: number,
): readonly QualityChange[] {
  // Only where the clock was set back.
  const isAhead = (changes.at(-1)?.from ?? 0) > now;
  const before = isAhead ? changes.filter(({ from }) => from <= now) : changes;
  const last = before.at(-1);
  if (last?.quality === quality && String(last.reasons) === String(reasons)) return before;
  return [...before, { from: now, quality, reasons }].slice(-most);
}

/** What held at some moment in a time. */
function during(changes: readonly QualityChange[], from: number, to: number): QualityChange[] {
  return changes.filter((change, place) => {
    const until = changes[place + 1]?.from ?? Number.POSITIVE_INFINITY;
    return change.from <= to && until > from;
  });
}

function unknown(reason: (typeof UNKNOWN_REASONS)[number]): MomentStatement {
  return { quality: 'unknown', reasons: [reason] };
}

/** The worst quality, with the reasons of all that are as bad. */
function worst(statements: readonly QualityChange[]): MomentStatement {
  const rank = Math.max(...statements.map(({ quality }) => QUALITIES.indexOf(quality)));
  const quality = QUALITIES[rank] ?? 'estimated';
  const given = new Set(
    statements.filter((each) => each.quality === quality).flatMap(({ reasons }) => reasons),
  );
  return { quality, reasons: QUALITY_REASONS.filter((reason) => given.has(reason)) };
}
