import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type CountsView, countsAnswer } from '../api/counts/counts-answer.ts';
import type {
  CentreIntake,
  CentreLink,
  CentreReply,
  CentreStats,
  CentreWord,
} from '../contract/centres/centre.ts';
import { Claims, type Ownership } from './claims.ts';
import { Lease } from './lease.ts';

const EVERY_MS = 1_000;
/** Messages of events that are yet to be taken; each may have thousands. */
const FAR_BEHIND = 100;
/** Rows of each list in a word. */
export const MOST_TOLD = 1_000;
/** A question to another centre is given up after that. */
const ANSWER_WITHIN_MS = 5_000;

export interface CentresParts {
  /** Name of our store. */
  readonly name: string;
  /** Those that we follow, in order. */
  readonly partitions: readonly number[];
  /** Milliseconds that only rise, whatever is done to the clock. */
  readonly clock: () => number;
  readonly repeat: (callback: () => void, ms: number) => NodeJS.Timeout;
  readonly trouble: (kind: string, sample: string) => void;
  readonly said: (text: string) => void;
}

/** What this centre can say of itself; the API gives it. */
export interface OwnAnswers {
  /** What it counts, with so many rows of each list at most. */
  counts(most: number): CountsView;
  answer(path: string): Promise<CentreReply>;
}

/** Who answers for all partitions at a moment. */
export interface Asked {
  /** Names of centres, each with other partitions. */
  readonly centres: readonly string[];
  readonly missing: readonly number[];
}

/** What was answered; null by a centre that did not in time. */
export interface Answered {
  readonly centre: string;
  readonly partitions: readonly number[];
  readonly reply: CentreReply | null;
}

const wordCounts = countsAnswer.extend({
  hosts: countsAnswer.shape.hosts.max(MOST_TOLD),
  virtualProxies: countsAnswer.shape.virtualProxies.max(MOST_TOLD),
  apps: countsAnswer.shape.apps.max(MOST_TOLD),
  sites: z.array(countsAnswer.shape.sites.unwrap().element).max(MOST_TOLD).optional(),
});

/** This centre among those that share a stream: says what it counts, hears what the others do, and asks them. */
export class Centres implements CentreIntake {
  readonly name: string;
  readonly #parts: CentresParts;
  readonly #instance = randomUUID();
  readonly #claims: Claims<CountsView>;
  #own: OwnAnswers | null = null;
  readonly #lease: Lease;
  #link: CentreLink | null = null;
  /** At least so many, until the stream says it. */
  #partitionCount: number;
  #timer: NodeJS.Timeout | null = null;
  #isTurning = false;

  constructor(parts: CentresParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#claims = new Claims(parts.name);
    this.#partitionCount = Math.max(...parts.partitions) + 1;
    this.#lease = new Lease(leaseName(parts.partitions), parts.name, this.#instance, parts.clock);
  }

  /** To be called once, when the API is there. */
  serve(own: OwnAnswers): void {
    this.#own = own;
  }

  start(): void {
    this.#timer = this.#parts.repeat(() => void this.#tick(), EVERY_MS);
    void this.#tick();
  }

  linked(link: CentreLink): () => void {
    this.#link = link;
    this.#partitionCount = link.partitionCount;
    void this.#tick();
    return () => {
      if (this.#link === link) this.#link = null;
    };
  }

  /** Gives its lease back, so that another one has it at once. To be called while there is a way to others; never rejects. */
  async leave(): Promise<void> {
    const link = this.#link;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#link = null;
    if (link !== null) await this.#lease.giveBack(link).catch(() => {});
  }

  async #tick(): Promise<void> {
    this.#say();
    const [link, lease] = [this.#link, this.#lease];
    if (link === null || this.#isTurning) return;
    this.#isTurning = true;
    try {
      const news = await lease.turn(link, link.behind() < FAR_BEHIND);
      if (news !== null) this.#tell(news, lease);
      if (news !== null && this.#link === link) this.#say();
    } catch (error) {
      this.#parts.trouble('the lease of our partitions cannot be had or renewed', (error as Error).message);
    } finally {
      this.#isTurning = false;
    }
  }

  #tell(news: 'taken' | 'lost', { term, owner }: Lease): void {
    const which = `partitions ${this.#parts.partitions.join(', ')}`;
    if (news === 'taken') this.#parts.said(`answers for ${which}, lease ${term}`);
    else this.#parts.trouble(`does not answer for ${which} any more: another centre does`, owner ?? 'nobody');
  }

  #say(): void {
    if (this.#own === null) return;
    const { partitions, clock } = this.#parts;
    const counts = fitting(this.#own, this.#link?.mostBytes ?? Number.POSITIVE_INFINITY);
    // Looked at last: making the counts took its time.
    const word = { centre: this.name, partitions, term: this.#lease.term, isSure: this.#lease.isSure };
    this.#claims.hear({ ...word, counts, heardAt: clock() });
    this.#link?.say({ ...word, counts: word.term === null ? null : counts });
  }

  hear({ centre, partitions, term, isSure, counts }: CentreWord): void {
    if (centre === this.name) return;
    if (partitions.some((partition) => partition >= this.#partitionCount)) {
      this.#parts.trouble('another centre follows partitions that there are not', `${centre}: ${partitions}`);
      return;
    }
    const checked = term === null ? null : wordCounts.safeParse(counts);
    if (checked?.success === false) {
      this.#parts.trouble(
        'a word of another centre is none',
        `${centre}: ${z.prettifyError(checked.error)}`.slice(0, 500),
      );
      return;
    }
    const heardAt = this.#parts.clock();
    this.#claims.hear({ centre, partitions, term, isSure, counts: checked?.data ?? null, heardAt });
  }

  async answer(path: string): Promise<CentreReply> {
    if (this.#own === null) return { status: 503, body: '' };
    return this.#own.answer(path).catch((error: Error) => ({ status: 500, body: error.message }));
  }

  /** Who has which partitions. */
  heard(): Ownership<CountsView> {
    return this.#claims.of(this.#partitionCount, this.#parts.clock());
  }

  /** Of whom numbers are added up now. Where nobody was heard of who has our partitions, ours are, and they count as missing all the same. */
  now(): Ownership<CountsView> {
    const found = this.heard();
    const own = this.#claims.ownClaim;
    const owned = new Set(found.owners.flatMap(({ partitions }) => partitions));
    if (own === null || own.partitions.some((partition) => owned.has(partition))) return found;
    return { owners: [...found.owners, own], missing: found.missing };
  }

  /** How old the oldest of these is, in milliseconds. */
  ageOf({ owners }: Ownership<CountsView>): number {
    const clock = this.#parts.clock();
    return Math.max(0, ...owners.map(({ heardAt }) => clock - heardAt));
  }

  /** Whether it was heard of lately, as owner or not. */
  isThere(centre: string): boolean {
    return centre === this.name || this.#claims.isThere(centre, this.#parts.clock());
  }

  /** What a centre says to a path of the API with its query, for its own partitions. Null where it does not answer in time. */
  async ask(centre: string, path: string, withinMs = ANSWER_WITHIN_MS): Promise<CentreReply | null> {
    if (centre === this.name) return this.answer(path);
    return this.#link?.ask(centre, path, withinMs).catch(() => null) ?? null;
  }

  get partitionCount(): number {
    return this.#partitionCount;
  }

  get stats(): CentreStats[] {
    return this.#claims.stats(this.#parts.clock());
  }
}

/** With fewer rows where more would not fit into a message. */
function fitting(own: OwnAnswers, mostBytes: number): CountsView {
  for (let most = MOST_TOLD; ; most = Math.floor(most / 2)) {
    const counts = own.counts(most);
    if (most === 0 || Buffer.byteLength(JSON.stringify(counts)) <= mostBytes) return counts;
  }
}

/** Those who follow the same partitions are after the same one. A key of NATS takes these characters. */
function leaseName(partitions: readonly number[]): string {
  return `partitions.${partitions.join('_')}`;
}
