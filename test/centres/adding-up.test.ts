import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownAnswers } from '../../src/api/centres/own-answers.ts';
import type { CountsView } from '../../src/api/counts/counts-answer.ts';
import { addUp } from '../../src/centres/adding-up.ts';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { KINDS, type Kind, type UserEvent } from '../../src/contract/event.ts';
import { partitionOf } from '../../src/nats/partition.ts';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);
const PARTITIONS = 3;
const AS_OF = new Date(START).toISOString();

/** What happens on two nodes of one site and one of another. */
const happening = fc
  .record({
    kind: fc.constantFrom<Kind>(...KINDS.filter((kind) => kind !== 'note')),
    host: fc.constantFrom('berlin/n1', 'berlin/n2', 'paris/n1'),
    id: fc.option(fc.constantFrom('anna', 'ben', 'cleo', 'dan', 'eva'), { freq: 9 }),
    virtualProxy: fc.constantFrom(null, 'sales'),
    app: fc.constantFrom('a1', 'a2', 'a3'),
    after: fc.integer({ min: 0, max: 90_000 }),
  })
  .map(({ kind, id, app, ...rest }) => ({
    ...{ kind, ...rest },
    user: id === null ? null : { directory: 'LAB', id },
    appId: kind.startsWith('connection') ? app : null,
  }));

function viewOf(site: Site, now: number): CountsView {
  const parts = { site, appNames: fixedAppNames(new Map()), now: () => now };
  return ownAnswers({} as never, parts).counts({ hosts: 300, names: 1_000 });
}

function fedWith(events: readonly UserEvent[], now: number): Site {
  const site = new Site({ ...SETTINGS, countsSites: true });
  site.started(START);
  site.tick(START);
  for (const [seq, event] of events.entries()) {
    site.tick(event.receivedAt);
    site.apply(event, seq + 1);
  }
  site.tick(now);
  return site;
}

describe('the counts of several centres', () => {
  it('add up to those of one Headcount that gets everything', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        let at = START;
        const events = happenings.map(({ after, ...rest }) => {
          at += after;
          return eventAt(rest.kind, at, rest);
        });
        const now = at + 1_000;
        const byPartition = Array.from({ length: PARTITIONS }, (_, partition) =>
          events.filter(({ host, user }) => partitionOf(host, user, PARTITIONS) === partition),
        );
        const parts = byPartition.map((some) => viewOf(fedWith(some, now), now));
        const sum = addUp(parts, [], AS_OF);
        const one = viewOf(fedWith(events, now), now);
        const rows = ({ hosts, virtualProxies, apps, sites = [] }: CountsView) => ({
          hosts: hosts
            .filter(({ sessions }) => sessions !== 0)
            .map(({ host, ...row }) => [host, row.sessions, row.users, row.connections, row.lastEventAt]),
          virtualProxies,
          apps: apps.map(({ opened: _, ...row }) => row),
          sites: sites.map(({ quality: _, ...row }) => row),
        });
        expect(rows(sum)).toEqual(rows(one));
        const { bounds: _, ...active } = one.active;
        expect(sum.active).toMatchObject(active);
        for (const tally of ['created', 'destroyed', 'rejected'] as const) {
          expect(sum[tally]).toEqual(one[tally]);
        }
        expect(sum.averageDurationSeconds ?? 0).toBeCloseTo(one.averageDurationSeconds ?? 0, 0);
        expect(sum.partial).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  const empty = () => viewOf(fedWith([], START), START);

  it('claim nothing that one of them does not, nor what is missing', () => {
    const good = { ...empty(), quality: 'exact', reasons: [] } as const;
    const bad = { ...empty(), quality: 'estimated', reasons: ['gap', 'drops'] } as const;
    expect(addUp([good, good], [], AS_OF)).toMatchObject({ quality: 'exact', reasons: [], partial: false });
    expect(addUp([good, bad], [], AS_OF)).toMatchObject({ quality: 'estimated', reasons: ['drops', 'gap'] });
    const partial = addUp([good], [2, 3], AS_OF);
    expect(partial).toMatchObject({
      quality: 'estimated',
      reasons: ['partial'],
      partial: true,
      missingPartitions: [2, 3],
    });
    expect(partial.active.bounds).toEqual({
      sessions: { low: 0, high: null },
      users: { low: 0, high: null },
    });
    expect(addUp([], [0], AS_OF)).toMatchObject({ quality: 'estimated', active: { sessions: 0 } });
  });

  it('say which hosts are silent for somebody and heard by nobody since', () => {
    const at = (minute: number) => new Date(START + 60_000 * minute).toISOString();
    const silent = (...hosts: readonly (readonly [host: string, minute: number])[]) => ({
      ...empty(),
      silentHosts: hosts.map(([host, minute]) => ({ host, silentSince: at(minute) })),
      silentHostsTotal: hosts.length,
    });
    const row = {
      ...({} as CountsView['hosts'][number]),
      silentSince: null,
      reasons: [],
      bounds: null,
      doubtful: null,
    };
    const hears = { ...silent(['a', 1]), hosts: [{ ...row, host: 'b', lastEventAt: at(9) }] };
    const { silentHosts, silentHostsTotal } = addUp([silent(['a', 4], ['b', 5], ['c', 2]), hears], [], AS_OF);
    expect(silentHosts).toEqual([
      { host: 'c', silentSince: at(2) },
      { host: 'a', silentSince: at(4) },
    ]);
    expect(silentHostsTotal).toBe(2);
  });

  it('list the 100 largest of each, of all together', () => {
    const hosts = (from: number, sessions: number) =>
      Array.from({ length: 150 }, (_, n) => ({
        ...({} as CountsView['hosts'][number]),
        host: `h${from + n}`,
        sessions,
        users: 1,
        connections: 0,
        quality: 'exact' as const,
        reasons: [],
        bounds: null,
        doubtful: null,
        reconciledAt: null,
        lastEventAt: null,
        silentSince: null,
        clockOffsetSeconds: null,
      }));
    const parts = [hosts(0, 3), hosts(100, 2), hosts(100, 2)].map((list) => ({
      ...empty(),
      hosts: list,
      hostsTotal: 150,
    }));
    const { hosts: found, hostsTotal } = addUp(parts, [], AS_OF);
    // Those that all three have come before those that the first one has alone.
    expect(found).toHaveLength(100);
    expect(found.filter(({ sessions }) => sessions === 7)).toHaveLength(50);
    expect(found.filter(({ sessions }) => sessions === 4)).toHaveLength(50);
    expect(hostsTotal).toBe(250);
  });
});
