import { describe, expect, it } from 'vitest';
import { Refusals } from '../../receivers/refusals.ts';
import { recordingLog } from './receivers-under-test.ts';

function refusalsAt(start: number) {
  const clock = { ms: start };
  const { log, lines } = recordingLog();
  return { clock, lines, refusals: new Refusals({ name: 'udp', now: () => clock.ms, log }) };
}

describe('refusals', () => {
  it('are all counted, and logged at once and then once a minute for each reason', () => {
    const { clock, lines, refusals } = refusalsAt(1_700_000_000_000);
    for (let second = 0; second < 180; second += 1) {
      refusals.add('not_allowed', `10.0.0.${second}`);
      if (second % 90 === 0) refusals.add('too_many', '10.0.0.1');
      clock.ms += 1000;
    }
    expect(refusals.counts).toEqual({ not_allowed: 180, too_many: 2 });
    expect(lines.map(({ fields }) => fields)).toEqual([
      { receiver: 'udp', reason: 'not_allowed', count: 1, address: '10.0.0.0' },
      { receiver: 'udp', reason: 'too_many', count: 1, address: '10.0.0.1' },
      { receiver: 'udp', reason: 'not_allowed', count: 60, address: '10.0.0.60' },
      { receiver: 'udp', reason: 'too_many', count: 1, address: '10.0.0.1' },
      { receiver: 'udp', reason: 'not_allowed', count: 60, address: '10.0.0.120' },
    ]);
  });

  it('are logged again when the clock was set back', () => {
    const { clock, lines, refusals } = refusalsAt(1_700_000_000_000);
    refusals.add('not_allowed', '10.0.0.1');
    clock.ms -= 3_600_000;
    refusals.add('not_allowed', '10.0.0.1');
    expect(lines).toHaveLength(2);
  });
});
