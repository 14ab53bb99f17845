import { expect, it } from 'vitest';
import { snapshotOf, T } from '../sessions/snapshots/polled-site.ts';
import { identityHolds, pipelineUnderTest } from './pipeline-under-test.ts';

const SENDER = { address: '127.0.0.1', port: 1 };
const line = (user: string, command: string) =>
  Buffer.from(`/qseow-proxy-session/;node1;${command};LAB;${user};Not available;Not available;text`);

/** A pipeline at a moment, of which a test says when the next turn comes. */
function under(rules: Parameters<typeof pipelineUnderTest>[0] = []) {
  const clock = { now: T };
  const made = pipelineUnderTest(rules, undefined, () => clock.now);
  return { ...made, clock };
}

it('a snapshot makes sessions that are events with a reason, and counts as nothing received', async () => {
  const { pipeline, store, site, taken } = under();
  await taken(pipeline.snapshot(snapshotOf(T, ['anna/1', 'bert/1'])));
  expect(site.counts).toMatchObject({ sessions: 2, users: 2 });
  expect(store.events).toMatchObject([
    { kind: 'session_start', reason: 'snapshot', at: T, virtualProxy: '/', user: { id: 'anna' } },
    { kind: 'session_start', reason: 'snapshot', at: T, virtualProxy: '/', user: { id: 'bert' } },
  ]);
  expect(pipeline.counters.received).toBe(0);
  expect(identityHolds(pipeline)).toBe(true);
});

it('nobody whom the blacklist excludes is made', async () => {
  const { pipeline, site, taken } = under([{ directory: 'LAB', userId: 'anna' }]);
  await taken(pipeline.snapshot(snapshotOf(T, ['anna/1', 'bert/1'])));
  expect(site.counts.sessions).toBe(1);
  expect(site.identities.hosts.get('node1')?.reconciledAt).toBe(T);
});

it('lines that are waiting come before the snapshot', async () => {
  const { pipeline, site, taken, clock } = under();
  pipeline.receive(line('anna', 'Start session'), SENDER, T);
  clock.now = T + 10;
  await taken(pipeline.snapshot(snapshotOf(T + 10, ['anna/1'])));
  expect(site.counts.sessions).toBe(1);
  expect(site.book.nextNumbers.session).toBe(2);
});

it('while commits fail a snapshot is refused and changes nothing', async () => {
  const { pipeline, store, site, taken } = under();
  store.trouble = 'the last commit failed: disk full';
  const refused = taken(pipeline.snapshot(snapshotOf(T, ['anna/1'])));
  await expect(refused).rejects.toThrow('the journal takes no snapshot: the last commit failed: disk full');
  expect([site.counts.sessions, store.checkpoints]).toEqual([0, 0]);
  store.trouble = null;
  await taken(pipeline.snapshot(snapshotOf(T + 1, ['anna/1'])));
  expect(site.counts.sessions).toBe(1);
});

it('a snapshot waits for a journal that is busy', async () => {
  const { pipeline, store, site, pending } = under();
  store.takesState = false;
  const promise = pipeline.snapshot(snapshotOf(T, ['anna/1']));
  for (let turn = 0; turn < 10; turn += 1) {
    pending.shift()?.();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(site.counts.sessions).toBe(0);
  store.takesState = true;
  while (site.counts.sessions === 0) {
    pending.shift()?.();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  pending.shift()?.();
  await promise;
  expect(store.checkpoints).toBeGreaterThan(0);
});

it('a long snapshot is taken in slices, each committed, and lines come between them', async () => {
  const { pipeline, store, site, pending } = under();
  const ids = Array.from({ length: 5_000 }, (_, n) => `user${n}/1`);
  let isDone = false;
  void pipeline.snapshot(snapshotOf(T, ids)).then(() => {
    isDone = true;
  });
  let turns = 0;
  while (!isDone) {
    if (turns === 3) pipeline.receive(line('user4999', 'Start session'), SENDER, T + 1_000);
    turns += 1;
    for (const callback of pending.splice(0)) callback();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(store.checkpoints).toBeGreaterThanOrEqual(5);
  // The line is newer than the snapshot: the session is its own, and the id waits.
  expect(site.counts.sessions).toBe(5_000);
  expect(store.events.filter(({ reason }) => reason === 'snapshot')).toHaveLength(4_999);
});
