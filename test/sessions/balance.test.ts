import { beforeEach, describe, expect, it } from 'vitest';
import type { Kind } from '../../src/contract/event.ts';
import { LineMix } from '../../src/sessions/lost-lines/line-mix.ts';
import { Balance } from '../../src/sessions/quality/balance.ts';
import { narrowed } from '../../src/sessions/quality/bounds.ts';

const HOUR = 3_600_000;
const line = (kind: Kind) => ({ kind, receivedAt: HOUR });

describe('the mix of lines that came', () => {
  it('says how many sessions lost lines are likely to have begun and ended', () => {
    const mix = new LineMix();
    for (let n = 0; n < 24; n += 1) {
      for (const kind of ['session_start', 'connection_open', 'session_start', 'session_stop'] as const)
        mix.arrived(kind);
    }
    // Two of four lines are Starts, one is a Stop.
    expect(mix.of(100).mean).toBeCloseTo((100 * 24) / 100);
    expect(mix.of(100).stops).toBeCloseTo((100 * 24) / 100);
    expect(mix.of(100).variance).toBeCloseTo((100 * 76) / 100);
    expect(mix.of(-1).mean).toBeCloseTo(-0.24);
  });

  it('is that of the last few hundred lines', () => {
    const mix = new LineMix();
    for (let n = 0; n < 5_000; n += 1) mix.arrived('session_start');
    for (let n = 0; n < 1_000; n += 1) mix.arrived('session_stop');
    expect(mix.of(100).mean).toBeLessThan(-90);
  });

  it('knows less the fewer lines came, and nothing before the first', () => {
    const mix = new LineMix();
    expect(mix.of(10)).toEqual({ mean: 0, variance: 10, stops: 0 });
    for (let n = 0; n < 96; n += 1) mix.arrived('connection_open');
    const { variance } = mix.of(10);
    mix.lost = 100;
    expect(mix.of(10).variance).toBeCloseTo(2 * variance);
  });
});

describe('the balance of a host', () => {
  let balance: Balance;
  beforeEach(() => {
    balance = new Balance();
    balance.begin({ low: 5, high: 5 });
  });

  it('goes up with each Start and down with each Stop, and with those that lost lines were likely to be', () => {
    for (const kind of ['session_start', 'session_start', 'session_stop', 'connection_open'] as const)
      balance.note(line(kind));
    expect(balance.range).toEqual({ low: 6, high: 6, variance: 0 });
    balance.lose({ mean: 1.5, variance: 4, stops: 1 });
    expect(balance.range).toEqual({ low: 7.5, high: 7.5, variance: 4 });
    balance.begin(null);
    expect(balance.range).toBeNull();
  });

  it('is not believed where more sessions time out than Stops can be lost', () => {
    balance.lose({ mean: 0, variance: 4, stops: 4 });
    for (let n = 0; n < 12; n += 1) balance.timeOut(HOUR);
    expect(balance.untoldAt).toBeNull();
    balance.takeBackTimeOut();
    balance.timeOut(HOUR);
    expect(balance.untoldAt).toBeNull();
    balance.timeOut(HOUR);
    expect(balance).toMatchObject({ untoldAt: HOUR, base: null });
  });
});

describe('bounds that chance makes narrower', () => {
  const certain = { sessions: { low: 0, high: 1_000 }, users: { low: 0, high: 900 } };

  it('reach four standard deviations each way, and never further than what is certain', () => {
    expect(narrowed(certain, { low: 300, high: 310, variance: 100 }, 305, 300)).toEqual({
      sessions: { low: 260, high: 350 },
      users: { low: 255, high: 350 },
    });
    expect(narrowed(certain, { low: 10, high: 990, variance: 100 }, 500, 500).sessions).toEqual({
      low: 0,
      high: 1_000,
    });
  });

  it('have the count between them, whatever the Starts and Stops say', () => {
    expect(narrowed(certain, { low: 300, high: 300, variance: 1 }, 400, 400).sessions).toEqual({
      low: 296,
      high: 400,
    });
  });
});
