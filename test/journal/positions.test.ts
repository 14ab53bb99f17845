import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventAt } from '../delivery/visits.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

const position = (partition: number, seq: number) => ({
  ...{ edge: 'edge', site: 'berlin', partition, seq },
  ...{ stream: 'stream', streamSeq: seq * 10 },
});
const says = (user: string): void => {
  const event = eventAt('session_start', EPOCH, user);
  stored.add(event, stored.site.apply(event, stored.lastSeq + 1) ?? expect.fail('not applied'));
};

describe('up to where events of another Headcount were taken', () => {
  it('is on the disk where the events are, and only there', () => {
    says('anna');
    stored.addPosition(position(0, 1));
    stored.commit(EPOCH, false);
    says('bert');
    stored.addPosition(position(0, 2));
    stored.killAndRestart();
    expect(stored.site.counts.sessions).toBe(1);
    expect(stored.positions).toEqual([position(0, 1)]);
  });

  it('is the latest of each partition, also where it came without an event', () => {
    stored.addPosition(position(1, 5));
    stored.addPosition(position(0, 2));
    stored.commit(EPOCH, false);
    stored.addPosition(position(1, 6));
    stored.commit(EPOCH, true);
    stored.killAndRestart();
    expect(stored.positions).toEqual([position(0, 2), position(1, 6)]);
  });
});
