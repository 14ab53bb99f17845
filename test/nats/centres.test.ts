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

const TOKEN = '0123456789abcdef-token';

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly partial?: boolean;
}

/** Of one that wants a token, once it has everything. */
const countsOf = ({ api }: Program) =>
  until(
    async () =>
      (await (
        await fetch(`${api}/api/v1/counts`, { headers: { authorization: `Bearer ${TOKEN}` } })
      ).json()) as AllCounts,
    isWhole(180),
    20_000,
  );

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
    const one = await all.run(all.centre('0-1'));
    await post(berlin, starts(0, 60));
    await post(berlin, starts(0, 60, 'node2'));
    const alone = await countsThat(one, ({ active }) => active.sessions > 0);
    expect(alone).toMatchObject({ partial: true, missingPartitions: [2, 3], quality: 'estimated' });
    expect(alone.reasons).toContain('partial');
    expect(alone.active.bounds?.sessions.high).toBeNull();
    const two = await all.run(all.centre('2-3', `port: 0, tokens: [{ name: grafana, token: ${TOKEN} }]`));
    await post(paris, starts(30, 60));
    for (const found of [await countsThat(one, isWhole(180)), await countsOf(two)]) {
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
    const own = await counts(one, '?own=true');
    expect(own.active.sessions).toBeLessThan(180);
    expect(own).not.toHaveProperty('partial');
    // Each asks the other one, whose token it does not have.
    const { items, partial } = await one.get<Page>('/api/v1/sessions?limit=1000');
    expect([items.length, new Set(items.map(({ id }) => id)).size, partial]).toEqual([180, 180, false]);
    const { items: ofOne } = await one.get<Page>('/api/v1/sessions?limit=1000&own=true');
    const foreign = items.find(({ id }) => !ofOne.some((each) => each.id === id))?.id ?? '';
    for (const id of [ofOne[0]?.id ?? '', foreign]) {
      expect(await one.get(`/api/v1/sessions/${id}`)).toMatchObject({ id });
    }
    expect((await fetch(`${one.api}/api/v1/sessions/${'0'.repeat(8)}-${'0'.repeat(24)}`)).status).toBe(404);
    expect((await fetch(`${two.api}/api/v1/sessions`)).status).toBe(401);
    const withToken = { headers: { authorization: `Bearer ${TOKEN}` } };
    const events = (await (await fetch(`${two.api}/api/v1/events?limit=1000`, withToken)).json()) as Page;
    expect([events.items.length, events.partial]).toEqual([180, false]);
    await two.end('SIGKILL');
    const left = await countsThat(one, ({ partial }) => partial === true);
    expect(left.missingPartitions).toEqual([2, 3]);
  }, 120_000);

  it('stand by for each other, never count twice what two of them believe they have, and lose nothing', async () => {
    const all = await begin();
    const edge = await all.edge('berlin');
    await post(edge, starts(0, 40));
    const first = await all.run(all.centre('0-3'));
    await countsThat(first, isWhole(40));
    const second = await all.run(all.centre('0-3'));
    await countsThat(second, isWhole(40));
    expect(await states(second)).toEqual(['owner', 'standby']);
    // It stands still, another one takes its place, and it goes on.
    first.child.kill('SIGSTOP');
    await countsThat(second, ({ partial }) => partial === true);
    await countsThat(second, isWhole(40));
    first.child.kill('SIGCONT');
    const seen = new Set<number>();
    const end = performance.now() + 3_000;
    while (performance.now() < end) {
      for (const centre of [first, second]) seen.add((await counts(centre)).active.sessions);
    }
    expect([...seen]).toEqual([40]);
    await until(
      async () => first.log.some(({ msg }) => /does not answer for partitions 0, 1/.test(String(msg))),
      (hasSaid) => hasSaid,
    );
    await countsThat(first, isWhole(40));
    expect(await states(first)).toEqual(['owner', 'standby']);
    const metrics = await (await fetch(`${first.api}/metrics`)).text();
    expect(metrics).toMatch(/headcount_partitions_without_owner 0\n/);
    expect(metrics).toMatch(/headcount_partition_owner\{partition="3",centre="\w+"\} 1/);
    // The one that has it now is killed.
    await second.end('SIGKILL');
    await post(edge, starts(40, 10));
    const took = await timeUntil(async () => isWhole(50)(await counts(first)), 20_000);
    expect(took).toBeLessThan(10_000);
    expect((await counts(first)).created.total).toBe(50);
    // One that stops by itself gives its lease back.
    const third = await all.run(all.centre('0-3'));
    await countsThat(third, isWhole(50));
    expect(await first.stop()).toBe(0);
    await countsThat(third, isWhole(50));
    expect(await states(third)).toContain('owner');
  }, 90_000);
});
