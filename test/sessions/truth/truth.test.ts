import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from '../../../src/sessions/quality/bounds.ts';
import { Site } from '../../../src/sessions/site.ts';
import { EPOCH } from '../model/event-arbitrary.ts';
import { NODE } from '../numbered-lines.ts';
import { type Line, TrueSite } from './true-site.ts';

const RUNS = Number(process.env['TRUTH_RUNS'] ?? 150);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Shorter than by default, so that a run lives through many of them. */
const SETTINGS = { timeoutMs: 30 * MINUTE, graceMs: 5 * MINUTE, maxAgeMs: 4 * HOUR };
/** Nobody is on for longer than the maximal age. */
const LONGEST_MS = SETTINGS.maxAgeMs - MINUTE;

const HOSTS = ['node1', 'node2'] as const;
const USERS = ['anna', 'bert', 'carl'] as const;
const APPS = ['a', 'b'] as const;

type DeedOfPerson =
  | { readonly type: 'start'; readonly user: number; readonly host: number; readonly isLost: boolean }
  | { readonly type: 'open' | 'close' | 'stop'; readonly which: number; readonly isLost: boolean };

type Deed =
  | DeedOfPerson
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'down'; readonly ms: number; readonly deeds: readonly DeedOfPerson[] }
  | { readonly type: 'crash' | 'reload'; readonly host: number }
  | { readonly type: 'drop'; readonly deeds: readonly DeedOfPerson[] }
  | { readonly type: 'offset'; readonly host: number; readonly ms: number };

const isLost = fc.integer({ min: 0, max: 19 }).map((draw) => draw === 19);
const which = fc.integer({ min: 0, max: 7 });
const host = fc.integer({ min: 0, max: HOSTS.length - 1 });

const ofPeople: fc.Arbitrary<DeedOfPerson> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('start' as const),
      user: fc.integer({ min: 0, max: USERS.length - 1 }),
      host,
      isLost,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom('open' as const, 'open' as const, 'close' as const, 'stop' as const),
      which,
      isLost,
    }),
  },
);
const pass: fc.Arbitrary<Deed> = fc.record({
  type: fc.constant('pass' as const),
  ms: fc.constantFrom(1_000, 10_000, MINUTE, 10 * MINUTE, 34 * MINUTE, 36 * MINUTE, HOUR, 5 * HOUR),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 30, arbitrary: ofPeople },
  { weight: 16, arbitrary: pass },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('down' as const),
      ms: fc.constantFrom(11_000, MINUTE, HOUR),
      deeds: fc.array(ofPeople, { maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('crash' as const, 'reload' as const), host }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('drop' as const), deeds: fc.array(ofPeople, { maxLength: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('offset' as const),
      host,
      ms: fc.constantFrom(0, 0, 2 * MINUTE, 40 * MINUTE, -5 * MINUTE),
    }),
  },
);

/** Headcount beside the true site. After each deed what it says is held against the truth. */
class Comparison {
  readonly truth = new TrueSite(EPOCH);
  readonly site = new Site(SETTINGS);
  /** Seconds looked at, and those in which the truth was not within bounds that were numbers. */
  looks = 0;
  exact = 0;
  outside: string[] = [];
  #seq = 0;

  constructor() {
    for (const name of HOSTS) {
      this.truth.probe(name);
      this.truth.probe(name);
    }
    this.#deliver(() => true);
    this.site.tick(EPOCH);
  }

  do(deed: Deed): void {
    switch (deed.type) {
      case 'pass':
        this.#pass(deed.ms);
        break;
      case 'down':
        this.#down(deed.ms, deed.deeds);
        break;
      case 'drop':
        this.#drop(deed.deeds);
        break;
      case 'offset':
        this.truth.offsets.set(HOSTS[deed.host] as string, deed.ms);
        break;
      case 'crash':
      case 'reload':
        // No proxy is back within a second.
        this.#pass(MINUTE);
        this.truth[deed.type](HOSTS[deed.host] as string);
        this.#pass(5_000);
        break;
      default:
        this.#act(deed);
        this.#deliver(() => !deed.isLost);
    }
    // The next line of each host shows what was lost before it, which nobody can know earlier.
    for (const name of HOSTS) this.truth.probe(name);
    this.#deliver(() => true);
    this.#look();
  }

  #act(deed: DeedOfPerson): void {
    const { truth } = this;
    if (deed.type === 'start') {
      truth.start(HOSTS[deed.host] as string, USERS[deed.user] as string);
      return;
    }
    const session = truth.sessions[deed.which % Math.max(1, truth.sessions.length)];
    if (session === undefined) return;
    if (deed.type === 'open') truth.open(session, APPS[deed.which % APPS.length] as string);
    else truth[deed.type](session);
  }

  #deliver(arrives: (line: Line) => boolean): void {
    for (const line of this.truth.take()) {
      if (!arrives(line)) continue;
      const { site } = this;
      if (site.lostLines.note(line, NODE)) site.counterBeganAgain(line);
      site.clocks.correct(line);
      this.#seq += 1;
      site.apply(line, this.#seq);
    }
  }

  /** Time passes, nine seconds at a time; Sense ends who is idle. */
  #pass(ms: number): void {
    const end = this.truth.now + ms;
    while (this.truth.now < end) {
      this.truth.now = Math.min(end, this.truth.now + 9_000);
      this.truth.sweep(LONGEST_MS);
      this.#deliver(() => true);
      this.site.tick(this.truth.now);
    }
  }

  #down(ms: number, deeds: readonly DeedOfPerson[]): void {
    const stoppedAt = this.truth.now;
    for (const each of deeds) {
      this.truth.now += ms / (deeds.length + 1);
      this.truth.sweep(LONGEST_MS);
      this.#act(each);
    }
    this.truth.now = stoppedAt + ms;
    this.#deliver(() => false);
    this.site.tracker.restarted(stoppedAt, this.truth.now);
    this.site.tick(this.truth.now);
  }

  /** The kernel drops what comes just now, and says how many. */
  #drop(deeds: readonly DeedOfPerson[]): void {
    for (const each of deeds) this.#act(each);
    const lines = this.truth.take();
    if (lines.length > 0) this.site.quality.dropped(lines.length);
  }

  #look(): void {
    const { site, truth } = this;
    const { now } = truth;
    const said = site.quality.at(now);
    const { sessions, users, connections } = site.counts;
    if (said.quality === 'exact') {
      this.exact += 1;
      expect({ sessions, users, connections }, 'said to be exact').toEqual(truth.counts);
    }
    this.#within('sessions', said.bounds.sessions, truth.counts.sessions);
    this.#within('users', said.bounds.users, truth.counts.users);
    for (const host of site.identities.hosts.values()) {
      const own = site.quality.ofHost(host, now);
      const real = truth.countsOf(host.name);
      if (own.quality === 'exact') {
        expect({ sessions: host.openSessions, users: host.openUsers }, host.name).toEqual(real);
      }
      this.#within(`${host.name} sessions`, own.bounds.sessions, real.sessions);
      this.#within(`${host.name} users`, own.bounds.users, real.users);
    }
  }

  #within(what: string, { low, high }: Range, real: number): void {
    if (high === null) return;
    this.looks += 1;
    if (real < low || real > high) this.outside.push(`${what}: ${low} <= ${real} <= ${high}`);
  }
}

describe('what is said of the counts', () => {
  it('is never exact while they are wrong, and bounds that are numbers hold the truth', () => {
    let exact = 0;
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 60, size: 'max' }), (deeds) => {
        const comparison = new Comparison();
        for (const each of deeds) comparison.do(each);
        expect(comparison.outside).toEqual([]);
        exact += comparison.exact;
      }),
      { numRuns: RUNS },
    );
    // Or nothing was compared.
    expect(exact).toBeGreaterThan(RUNS);
  });
});
