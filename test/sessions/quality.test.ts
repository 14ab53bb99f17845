import { beforeEach, describe, expect, it } from 'vitest';
import { Downtimes } from '../../src/sessions/downtimes.ts';
import { LostLines } from '../../src/sessions/lost-lines/lost-lines.ts';
import { Quality, type QualityReason } from '../../src/sessions/quality.ts';
import { EPOCH } from './model/event-arbitrary.ts';
import { line, NODE } from './numbered-lines.ts';

const SETTLE_MS = 2_100_000;
const HOUR = 3_600_000;

let downtimes: Downtimes;
let rowNumbers: LostLines;
let quality: Quality;
beforeEach(() => {
  downtimes = new Downtimes();
  rowNumbers = new LostLines();
  quality = new Quality(SETTLE_MS, downtimes, rowNumbers);
  quality.since = EPOCH - HOUR;
});

it('counts are exact where nothing is known against them', () => {
  expect(quality.at(EPOCH)).toEqual({ quality: 'exact', reasons: [] });
  expect(quality.ofHost('node1', EPOCH)).toEqual({ quality: 'exact', reasons: [] });
});

describe.each<[QualityReason, cause: () => void, ofEveryHost: boolean]>([
  ['warming_up', () => (quality.since = EPOCH), true],
  ['downtime', () => downtimes.add(EPOCH - HOUR, EPOCH), true],
  ['drops', () => quality.dropped(EPOCH), true],
  ['gap', loseLine, false],
])('%s', (reason, cause, ofEveryHost) => {
  it('makes estimates for one session time-out, over all and of the host', () => {
    cause();
    const estimated = { quality: 'estimated', reasons: [reason] };
    for (const now of [EPOCH, EPOCH + SETTLE_MS - 1]) {
      expect(quality.at(now)).toEqual(estimated);
      expect(quality.ofHost('node1', now)).toEqual(estimated);
      expect(quality.ofHost('node2', now).quality).toBe(ofEveryHost ? 'estimated' : 'exact');
    }
    expect(quality.at(EPOCH + SETTLE_MS)).toEqual({ quality: 'exact', reasons: [] });
    expect(quality.ofHost('node1', EPOCH + SETTLE_MS)).toEqual({ quality: 'exact', reasons: [] });
  });
});

function loseLine(): void {
  for (const row of [1, 2, 4]) rowNumbers.note(line(row, row - 10), NODE);
  rowNumbers.tick(EPOCH);
}

it('all reasons are said', () => {
  quality.since = EPOCH;
  downtimes.add(EPOCH - HOUR, EPOCH);
  quality.dropped(EPOCH);
  loseLine();
  expect(quality.at(EPOCH).reasons).toEqual(['warming_up', 'downtime', 'drops', 'gap']);
});
