import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { row } from './stand-in.ts';
import { START, startPolls, startStandIn } from './under-test.ts';

describe('the receiver of polls', () => {
  it('asks every virtual proxy of a server at the start, one after another, and then once an interval', async () => {
    const standIn = await startStandIn();
    standIn.sessions.set('', [row('anna'), row('bert')]).set('sales', [row('carl')]);
    const virtualProxies = ['/', '/Sales'];
    const { intake, world } = await startPolls({ port: standIn.port, virtualProxies });
    await until(() => world.pauses.length === 1);
    expect(standIn.paths).toEqual(['/qps/session', '/qps/sales/session']);
    expect(intake.snapshots).toEqual([
      {
        host: 'sense1',
        virtualProxy: '/',
        at: START,
        durationMs: 0,
        sessions: [
          { id: 'session of anna', user: { directory: 'LAB', id: 'anna' } },
          { id: 'session of bert', user: { directory: 'LAB', id: 'bert' } },
        ],
        hidden: [],
        allVirtualProxies: ['/', '/sales'],
        keepsUsers: true,
        whole: { server: '127.0.0.1', text: expect.any(Function) },
      },
      expect.objectContaining({ virtualProxy: '/sales', allVirtualProxies: ['/', '/sales'] }),
    ]);
    expect(JSON.parse(intake.snapshots[0]?.whole?.text() ?? '')).toEqual([row('anna'), row('bert')]);
    expect(world.pauses).toEqual([30_000]);
    standIn.sessions.set('', [row('bert')]);
    world.pass(29_999);
    world.pass(1);
    await until(() => intake.snapshots.length === 4);
    expect(intake.snapshots[2]).toMatchObject({ at: START + 30_000, sessions: [{ id: 'session of bert' }] });
    expect([standIn.mostAtOnce, standIn.connections]).toEqual([1, 1]);
  });

  it('proves with each question anew that it is no foreign page that asks', async () => {
    const standIn = await startStandIn();
    const { world } = await startPolls({ port: standIn.port });
    await until(() => world.pauses.length === 1);
    world.pass(30_000);
    await until(() => standIn.keys.length === 2);
    expect(standIn.keys).toEqual(['key0000000000001', 'key0000000000002']);
  });

  it('says in its numbers when each was asked and what came of it', async () => {
    const standIn = await startStandIn();
    standIn.sessions.set('', [row('anna'), row('ANNA', 'another'), row('bert')]);
    const { receiver, world } = await startPolls({ port: standIn.port, virtualProxies: ['/', '/hdr'] });
    expect(receiver.stats().polls).toMatchObject([{ polledAt: null, polls: 0 }, { virtualProxy: '/hdr' }]);
    await until(() => world.pauses.length === 1);
    expect(receiver.stats()).toMatchObject({
      name: 'qps',
      tls: { validTo: '2120-01-01T00:00:00.000Z', rootValidTo: '2120-01-01T00:00:00.000Z', trouble: null },
      polls: [
        {
          host: 'sense1',
          virtualProxy: '/',
          polledAt: '2026-11-28T10:00:00.000Z',
          ok: true,
          sessions: 3,
          users: 2,
          hidden: 0,
          error: null,
          durationMs: 0,
          polls: 1,
          failed: 0,
        },
        {
          virtualProxy: '/hdr',
          ok: false,
          sessions: null,
          error: 'it knows no such virtual proxy (status 404)',
          polls: 1,
          failed: 1,
        },
      ],
    });
  });

  it('calls a server by its node, else by the first label of its name', async () => {
    const standIn = await startStandIn();
    const { intake } = await startPolls({ port: standIn.port, node: 'Pro2-Win1.example.com' });
    await until(() => intake.snapshots.length === 1);
    expect(intake.snapshots[0]?.host).toBe('pro2-win1');
    const nameless = await startPolls({ port: standIn.port, node: undefined });
    await until(() => nameless.intake.snapshots.length === 1);
    expect(nameless.intake.snapshots[0]?.host).toBe('127.0.0.1');
  });

  it('does not claim to know the whole host where there may be other virtual proxies', async () => {
    const standIn = await startStandIn();
    const { intake } = await startPolls({ port: standIn.port, complete: false }, { users: false });
    await until(() => intake.snapshots.length === 1);
    expect(intake.snapshots[0]).toMatchObject({ allVirtualProxies: null, keepsUsers: false });
  });

  it('tells apart whom its own blacklist names', async () => {
    const standIn = await startStandIn();
    standIn.sessions.set('', [row('anna'), row('svc_scan'), row('bert', 'b', { UserDirectory: 'INTERNAL' })]);
    const blacklist = [{ directory: 'internal' }, { directory: 'lab', userId: 'svc_*' }];
    const { intake, receiver } = await startPolls({ port: standIn.port }, { blacklist });
    await until(() => intake.snapshots.length === 1);
    expect(intake.latest).toEqual(['session of anna']);
    expect(intake.snapshots[0]?.hidden.map(({ user }) => user?.id)).toEqual(['svc_scan', 'bert']);
    expect(receiver.stats().polls).toMatchObject([{ sessions: 1, users: 1, hidden: 2 }]);
  });

  it('goes on with the next round where a snapshot cannot be taken', async () => {
    const standIn = await startStandIn();
    const { intake, world, lines } = await startPolls({ port: standIn.port });
    intake.take = () => Promise.reject(new Error('the disk is full'));
    await until(() => world.pauses.length === 1);
    expect(lines).toMatchObject([
      { message: 'qps: a snapshot could not be taken', fields: { sample: 'sense1 /: the disk is full' } },
    ]);
    world.pass(30_000);
    await until(() => intake.snapshots.length === 2);
  });

  it('starts no second round while one is under way, and skips what it missed', async () => {
    const standIn = await startStandIn();
    const { intake, world } = await startPolls({ port: standIn.port });
    const { promise, resolve } = Promise.withResolvers<void>();
    intake.take = () => promise;
    await until(() => intake.snapshots.length === 1);
    world.pass(95_000);
    resolve();
    await until(() => world.pauses.length === 1);
    expect([world.pauses, standIn.paths.length]).toEqual([[25_000], 1]);
  });

  it('asks servers independently of each other', async () => {
    const [good, bad] = [await startStandIn(), await startStandIn()];
    bad.faults.set('*', 'hang');
    const servers = [good, bad].map(({ port }, n) => ({
      host: '127.0.0.1',
      servername: 'sense1',
      node: `n${n}`,
      port,
    }));
    const { intake, world } = await startPolls({ port: 1 }, { servers });
    await until(() => world.pauses.length === 1 && bad.underWay === 1);
    world.pass(4_999);
    world.pass(25_001);
    await until(() => intake.snapshots.length === 2);
    expect(intake.snapshots.map(({ host }) => host)).toEqual(['n0', 'n0']);
  });

  it('never calls the intake again after it has stopped, whatever was under way', async () => {
    const standIn = await startStandIn();
    standIn.faults.set('*', 'hang');
    const { intake, receiver } = await startPolls({ port: standIn.port });
    await until(() => standIn.underWay === 1);
    await receiver.stop();
    await receiver.stop();
    expect(intake.answered).toBe(0);
    const other = await startPolls({ port: (await startStandIn()).port });
    other.intake.take = () => new Promise(() => {});
    await until(() => other.intake.snapshots.length === 1);
    await other.receiver.stop();
  });

  it('asks once more at once where the server had closed the idle connection', async () => {
    const standIn = await startStandIn();
    const { intake, world } = await startPolls({ port: standIn.port });
    await until(() => world.pauses.length === 1);
    standIn.faults.set('*', 'reset once');
    world.pass(30_000);
    await until(() => intake.answered === 2);
    expect([intake.snapshots.length, standIn.connections, standIn.paths.length]).toEqual([2, 2, 3]);
  });
});
