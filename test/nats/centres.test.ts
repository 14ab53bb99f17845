import { afterEach, describe, expect, it } from 'vitest';
import { type Program, until } from '../program/program.ts';
import {
  type AllCounts,
  CentresUnderTest,
  counts,
  countsThat,
  post,
  starts,
  timeUntil,
} from './centres-under-test.ts';
import { hasNats, NatsServers } from './nats-servers.ts';

let servers: NatsServers | null = null;
let centres: CentresUnderTest | null = null;

afterEach(async () => {
  await centres?.dispose();
  await servers?.dispose();
  [centres, servers] = [null, null];
});

async function begin(): Promise<CentresUnderTest> {
  servers = await NatsServers.start();
  centres = new CentresUnderTest(servers.urls);
  return centres;
}

const isWhole = (sessions: number) => (found: AllCounts) =>
  found.active.sessions === sessions && found.partial === false;

/** What a centre knows of those that were heard of lately. */
async function states(program: Program): Promise<string[]> {
  const { centres = [] } = await program.get<{ centres?: { state: string }[] }>('/api/v1/ingest');
  return centres
    .map(({ state }) => state)
    .filter((state) => state !== 'silent')
    .sort();
}

describe.skipIf(!hasNats)('central Headcounts that share a stream', () => {
  it('each answer for all of them, and say which partitions nobody answers for', async () => {
    const all = await begin();
    const [berlin, paris] = [await all.edge('berlin'), await all.edge('paris')];
    const folder = all.centre('0-1');
    const one = await all.run(folder);
    await post(berlin, starts(0, 60));
    await post(berlin, starts(0, 60, 'node2'));
    const alone = await countsThat(one, ({ active }) => active.sessions > 0);
    expect(alone).toMatchObject({ partial: true, missingPartitions: [2, 3], quality: 'estimated' });
    expect(alone.reasons).toContain('partial');
    expect(alone.active.bounds?.sessions.high).toBeNull();
    const two = await all.run(all.centre('2-3'));
    await post(paris, starts(30, 60));
    for (const centre of [one, two]) {
      const found = await countsThat(centre, isWhole(180));
      expect(found.active.users).toBe(90);
      expect(found.hosts).toMatchObject([
        { host: 'berlin/node1', sessions: 60, users: 60 },
        { host: 'berlin/node2', sessions: 60, users: 60 },
        { host: 'paris/node1', sessions: 60, users: 60 },
      ]);
      expect(found.sites).toMatchObject([
        { site: 'berlin', sessions: 120, users: 60 },
        { site: 'paris', sessions: 60, users: 60 },
      ]);
      expect(found).toMatchObject({ created: { total: 180 }, missingPartitions: [] });
    }
    const owns = await Promise.all([one, two].map((centre) => counts(centre, '?own=true')));
    expect(owns.map(({ active }) => active.sessions).reduce((a, b) => a + b)).toBe(180);
    await one.end('SIGKILL');
    const left = await countsThat(two, ({ partial }) => partial === true);
    expect(left.missingPartitions).toEqual([0, 1]);
    const again = await all.run(folder);
    for (const centre of [again, two]) await countsThat(centre, isWhole(180));
  }, 60_000);

  it('stand by for each other: another one answers within ten seconds of a kill, and nothing is lost', async () => {
    const all = await begin();
    const edge = await all.edge('berlin');
    await post(edge, starts(0, 40));
    const first = await all.run(all.centre('0-3'));
    await countsThat(first, isWhole(40));
    const second = await all.run(all.centre('0-3'));
    await countsThat(second, isWhole(40));
    expect(await states(second)).toEqual(['owner', 'standby']);
    await first.end('SIGKILL');
    await post(edge, starts(40, 10));
    const took = await timeUntil(async () => isWhole(50)(await counts(second)), 20_000);
    expect(took).toBeLessThan(10_000);
    expect((await counts(second)).created.total).toBe(50);
    // One that stops by itself gives its lease back.
    const third = await all.run(all.centre('0-3'));
    await countsThat(third, isWhole(50));
    expect(await second.stop()).toBe(0);
    await countsThat(third, isWhole(50));
    expect(await states(third)).toContain('owner');
  }, 90_000);

  it('never count twice what two of them believe they have, and the former owner says so', async () => {
    const all = await begin();
    const edge = await all.edge('berlin');
    await post(edge, starts(0, 40));
    const frozen = await all.run(all.centre('0-3'));
    await countsThat(frozen, isWhole(40));
    const other = await all.run(all.centre('0-3'));
    await countsThat(other, isWhole(40));
    frozen.child.kill('SIGSTOP');
    await countsThat(other, ({ partial }) => partial === true);
    await countsThat(other, isWhole(40));
    expect(await states(other)).toContain('owner');
    frozen.child.kill('SIGCONT');
    const seen = new Set<number>();
    const end = performance.now() + 4_000;
    while (performance.now() < end) {
      for (const centre of [frozen, other]) seen.add((await counts(centre)).active.sessions);
    }
    expect([...seen]).toEqual([40]);
    const said = () =>
      frozen.log.some(({ msg }) => /does not answer for partitions 0, 1, 2, 3/.test(String(msg)));
    await until(
      async () => said(),
      (is) => is,
    );
    await countsThat(frozen, isWhole(40));
    expect(await states(frozen)).toEqual(['owner', 'standby']);
    const metrics = await (await fetch(`${frozen.api}/metrics`)).text();
    expect(metrics).toMatch(/headcount_partitions_without_owner 0\n/);
    expect(metrics).toMatch(/headcount_partition_owner\{partition="3",centre="\w+"\} 1/);
  }, 90_000);
});
