import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/formats/index.ts';
import { longIsoDate } from '../../src/simulator/line.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { SETTINGS, takeEvents } from './simulation-under-test.ts';

const AT = Date.UTC(2024, 4, 19, 9, 55, 49, 898);
const ARRIVAL = { receivedAt: AT + 3, sender: { address: '10.0.0.1', port: 50_000 } };

function renderEvents(layout: 'butler-sos' | 'headcount', count: number) {
  const simulation = createSimulation({ ...SETTINGS, layout });
  return takeEvents(simulation, count).map((event) => ({ event, ...simulation.render(event, AT) }));
}

describe('a rendered line', () => {
  it('has the eight fields of the layout of Butler SOS, about 330 bytes on average and no newline', () => {
    const lines = renderEvents('butler-sos', 4000);
    for (const { text, event } of lines) {
      const fields = text.split(';');
      const prefix = event.kind.startsWith('session') ? '/qseow-proxy-session/' : '/qseow-proxy-connection/';
      expect(fields.length).toBeGreaterThanOrEqual(8);
      expect(fields.slice(0, 2)).toEqual([prefix, event.host]);
      expect(fields.slice(3, 5)).toEqual([event.user.directory, event.user.id]);
      expect(fields.slice(7).join(';')).toMatch(
        /^(Start|Stop) session for user '|^WebSocket connection (Opened|Closed) for session '/,
      );
      expect(text).not.toMatch(/[\r\n]/);
    }
    const bytes = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / lines.length;
    expect(Math.abs(bytes - 330)).toBeLessThan(40);
  });

  it('has the fifteen fields of our own layout', () => {
    for (const { text, event } of renderEvents('headcount', 2000)) {
      const fields = text.split(';');
      expect(fields.length).toBeGreaterThanOrEqual(15);
      expect(fields[0]).toBe('/headcount/2');
      expect(fields[2]).toBe('20240519T115549.898+0200');
      expect(fields.slice(5, 7)).toEqual(['0', event.sessionKey]);
      expect(fields[10]).toBe(event.appId ?? '(null)');
      expect(fields.slice(11, 13)).toEqual([event.user.directory, event.user.id]);
    }
  });

  it.each(['butler-sos', 'headcount'] as const)(
    'comes back from the parser as the event (%s layout)',
    (layout) => {
      for (const { text, event } of renderEvents(layout, 3000)) {
        const { kind, host, user, appId, origin, context, userAgent, sessionKey } = event;
        const own = { at: AT, timed: true, result: 0, sessionKey };
        expect(parseLine(text, ARRIVAL)).toMatchObject({
          ...{ kind, host, user, appId, origin, context, userAgent },
          ...(layout === 'headcount' ? own : { at: ARRIVAL.receivedAt, timed: false }),
        });
      }
    },
  );

  it('is numbered by its appender without a gap, whether it is lost later or not', () => {
    const rows = new Map<string, number>();
    for (const { text, appender, event } of renderEvents('headcount', 1000)) {
      expect(appender).toBe(event.host);
      rows.set(appender, (rows.get(appender) ?? 0) + 1);
      expect(text.split(';')[1]).toBe(String(rows.get(appender)));
    }
    expect(rows.size).toBe(SETTINGS.hosts);
  });

  it('leaves through one of two appenders of its host in the layout of Butler SOS', () => {
    const appenders = new Set(renderEvents('butler-sos', 1000).map(({ appender }) => appender));
    expect(appenders.size).toBe(2 * SETTINGS.hosts);
  });

  it('has its time with the offset of its node, east or west', () => {
    expect(longIsoDate(AT, 0)).toBe('20240519T095549.898+0000');
    expect(longIsoDate(AT, 330)).toBe('20240519T152549.898+0530');
    expect(longIsoDate(AT, -300)).toBe('20240519T045549.898-0500');
  });
});
