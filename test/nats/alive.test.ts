import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUALITIES, QUALITY_REASONS } from '../../src/contract/quality.ts';
import type { EdgeAlive } from '../../src/contract/sites/forwarding.ts';
import { aliveSubjectOf, decodeAlive, edgeOfAlive, encodeAlive } from '../../src/nats/alive.ts';
import { decodeTaken, encodeTaken } from '../../src/nats/taken.ts';

const count = fc.nat();
const quality = {
  quality: fc.constantFrom(...QUALITIES),
  reasons: fc.subarray([...QUALITY_REASONS]),
  hidden: fc.option(count),
  doubtfulSessions: count,
  doubtfulUsers: count,
};
const host = fc.record({
  host: fc.string({ maxLength: 255 }),
  reconciledAt: fc.option(count),
  clockOffsetMs: fc.option(fc.integer()),
  ...quality,
});
const alive: fc.Arbitrary<EdgeAlive> = fc.record({
  site: fc.constantFrom('berlin', 'paris-2'),
  report: fc.record({
    at: count,
    head: count,
    all: fc.record(quality),
    hosts: fc.array(host, { maxLength: 20 }),
    downtimes: fc.array(fc.record({ from: count, to: count }), { maxLength: 5 }),
  }),
  done: count,
  caughtUpTo: count,
  sent: fc.array(count, { maxLength: 256 }),
});

describe('a sign of life of an edge', () => {
  it('says what the edge says, whatever its hosts are called', () => {
    fc.assert(
      fc.property(alive, (said) => {
        expect(decodeAlive(encodeAlive(said, Number.POSITIVE_INFINITY))).toEqual(said);
      }),
    );
    expect(edgeOfAlive(aliveSubjectOf('headcount', 'b7e23ec2'))).toBe('b7e23ec2');
  });

  it('fits into a message, with those hosts that come first', () => {
    fc.assert(
      fc.property(alive, fc.integer({ min: 4_000, max: 20_000 }), (said, mostBytes) => {
        const text = encodeAlive({ ...said, sent: [] }, mostBytes);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(mostBytes);
        const { hosts } = decodeAlive(text)?.report ?? { hosts: null };
        expect(said.report.hosts.slice(0, hosts?.length)).toEqual(hosts);
      }),
    );
  });

  it('is none where anybody made it up', () => {
    const good = JSON.parse(encodeAlive(fc.sample(alive, { numRuns: 1, seed: 1 })[0] as EdgeAlive, 1e6));
    for (const bad of [
      { site: 'a/b' },
      { done: -1 },
      { caughtUpTo: 1e20 },
      { sent: Array(257).fill(0) },
      { report: { ...good.report, head: 0.5 } },
      { report: { ...good.report, all: { ...good.report.all, reasons: ['because'] } } },
      { report: { ...good.report, hosts: [{ host: 'x' }] } },
    ]) {
      expect(decodeAlive(JSON.stringify({ ...good, ...bad }))).toBeNull();
    }
    fc.assert(fc.property(fc.string(), (text) => decodeAlive(text) === null && decodeTaken(text) === null));
  });
});

it('how far a central Headcount is reads as it was written', () => {
  const taken = { centre: 'b7e23ec2', through: [4, null, 0] };
  expect(decodeTaken(encodeTaken(taken))).toEqual(taken);
  expect(decodeTaken(JSON.stringify({ ...taken, centre: 'a b' }))).toBeNull();
});
