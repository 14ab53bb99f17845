import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OneSession } from '../../src/journal/read/answers.ts';
import { type Bar, lanesOf, pictureOf } from '../../src/page/session/picture.ts';
import { ticksOf } from '../../src/page/session/ticks.ts';
import { BEGAN, connection, event, minute, sessionWith } from './session-under-test.ts';

const NOW = BEGAN + 90 * 60_000;

const minutes = fc.integer({ min: 0, max: 200 });
const connections = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'b', null), minutes, fc.option(minutes), fc.boolean())
    .map(([app, opened, lasted, isExact]) =>
      connection(app, minute(opened), lasted === null ? null : minute(opened + lasted), isExact),
    ),
);
const sessions = fc
  .record({
    endedAt: fc.option(minutes.map(minute)),
    startExact: fc.boolean(),
    endExact: fc.boolean(),
    connections,
    timeline: fc.array(minutes.map((at) => event({ kind: 'connection_open', at: minute(at) }))),
    lossWindows: fc.array(
      fc.tuple(fc.option(minutes), minutes).map(([from, to]): OneSession['lossWindows'][number] => ({
        from: from === null ? null : minute(from),
        to: minute(Math.max(from ?? 0, to)),
        reason: 'gap',
        lines: null,
      })),
    ),
  })
  .map(sessionWith);

function isInside({ left, width }: Bar): boolean {
  return left >= 0 && width > 0 && left + width <= 100.6;
}

describe('the picture of a session', () => {
  it('has everything inside, whatever happened when', () => {
    fc.assert(
      fc.property(sessions, (session) => {
        const picture = pictureOf(session, NOW);
        const bars = [
          picture.session,
          ...picture.lanes.flatMap((lane) => lane.bars),
          ...picture.losses.map(({ bar }) => bar),
        ];
        expect(bars.every(isInside)).toBe(true);
        expect(picture.events.every(({ place }) => place >= 0 && place <= 100)).toBe(true);
      }),
    );
  });

  it('fades the ends that nobody knows, and those of what is still open', () => {
    const exact = pictureOf(sessionWith(), NOW).session;
    expect(exact).toMatchObject({ fadesIn: false, fadesOut: false });
    const inexact = pictureOf(sessionWith({ startExact: false, endExact: false }), NOW).session;
    expect(inexact).toMatchObject({ fadesIn: true, fadesOut: true });
    const open = pictureOf(
      sessionWith({ endedAt: null, connections: [connection('a', minute(5), null)] }),
      NOW,
    );
    expect(open.session).toMatchObject({ fadesOut: true, to: null });
    expect(open.session.left + open.session.width).toBeCloseTo(100);
    expect(open.lanes[0]?.bars[0]).toMatchObject({ fadesIn: false, to: null });
  });

  it('shows a moment as a bar that can be seen', () => {
    const picture = pictureOf(sessionWith({ connections: [connection('a', minute(5), minute(5))] }), NOW);
    expect(picture.lanes[0]?.bars[0]?.width).toBeGreaterThan(0.3);
  });

  it('draws as many lanes as can be read, and counts the others', () => {
    const many = Array.from({ length: 100 }, (_, app) => connection(`app${app}`, minute(1), minute(2)));
    const { lanes, moreLanes } = pictureOf(sessionWith({ connections: many }), NOW);
    expect(lanes.length + moreLanes).toBe(100);
    expect(lanes.length).toBeLessThan(50);
  });

  it('shows a loss of which nobody knows when it began from the left edge on', () => {
    const lossWindows = [{ from: null, to: minute(10), reason: 'warming_up' as const, lines: null }];
    expect(pictureOf(sessionWith({ lossWindows }), NOW).losses[0]?.bar.left).toBe(0);
  });
});

describe('the lanes of connections', () => {
  it('are of one app each, hold every connection once, and never two at a time', () => {
    fc.assert(
      fc.property(connections, (all) => {
        const lanes = lanesOf(all);
        expect(lanes.flat().length).toBe(all.length);
        expect(new Set(lanes.flat())).toEqual(new Set(all));
        for (const lane of lanes) {
          expect(new Set(lane.map(({ appId }) => appId)).size).toBe(1);
          for (const [place, { openedAt }] of lane.entries()) {
            const before = lane[place - 1];
            if (before !== undefined) expect((before.closedAt ?? '9') <= openedAt).toBe(true);
          }
        }
      }),
    );
  });

  it('are as few as there are connections of an app at once', () => {
    const all = [
      connection('a', minute(0), minute(10)),
      connection('a', minute(5), minute(8)),
      connection('a', minute(10), minute(12)),
      connection('b', minute(11), null),
    ];
    expect(lanesOf(all).map((lane) => lane.length)).toEqual([2, 1, 1]);
  });
});

describe('the ticks of a time axis', () => {
  it('are round on the clocks of the zone', () => {
    const { times, form } = ticksOf(BEGAN, BEGAN + 60 * 60_000, 9, 'Asia/Kathmandu');
    expect(form).toBe('minute');
    // There clocks are 5:45 ahead, so ten past is at 25 minutes.
    expect(times.map((time) => new Date(time).toISOString().slice(14, 19))).toEqual([
      ...['05:00', '15:00', '25:00', '35:00', '45:00', '55:00'],
    ]);
    const hours = ticksOf(BEGAN, BEGAN + 7 * 3_600_000, 9, 'Asia/Kathmandu').times;
    expect(hours.map((time) => new Date(time).getUTCMinutes())).toEqual(hours.map(() => 15));
  });

  it('are midnights where a range has days', () => {
    const { times, form } = ticksOf(BEGAN, BEGAN + 5 * 86_400_000, 9, 'Europe/Berlin');
    expect(form).toBe('day');
    expect(times.map((time) => new Date(time).getUTCHours())).toEqual([23, 23, 23, 23, 23]);
  });

  it('are in order, inside the range, and neither many nor none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2000, max: 400 * 86_400_000 }),
        fc.integer({ min: 0, max: 365 * 86_400_000 }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
        (length, later, zone) => {
          const from = BEGAN + later;
          const { times } = ticksOf(from, from + length, 9, zone);
          expect(times).toEqual([...times].sort((one, other) => one - other));
          expect(times.every((time) => time >= from && time <= from + length)).toBe(true);
          expect(times.length).toBeGreaterThanOrEqual(1);
          expect(times.length).toBeLessThanOrEqual(9);
        },
      ),
    );
  });
});
