import { describe, expect, it } from 'vitest';
import { createProgressBar, createProgressLines } from '../../src/simulator/progress.ts';
import type { RunReport } from '../../src/simulator/run.ts';

const FOREVER = Number.POSITIVE_INFINITY;

function reportAt(seconds: number, events: number): RunReport {
  const active = { sessions: 1234, users: 5, connections: 6, connectedUsers: 4 };
  const ends = { destroyed: 2, abandoned: 0, timedOut: 0, crashed: 0 };
  const truth = { active, created: 9, ...ends, perHost: {}, perVirtualProxy: {} };
  return { at: 0, seconds, events, sent: events, lost: 0, duplicated: 0, reordered: 0, refused: 0, truth };
}

describe('progress', () => {
  it('is a bar on a terminal, one line that is written again', () => {
    let written = '';
    const bounds = { durationMs: 600_000, maxEvents: FOREVER };
    const bar = createProgressBar(
      bounds,
      () => 100,
      (text) => {
        written += text;
      },
    );
    bar.show(reportAt(150.004, 3000));
    const full = '█'.repeat(8) + '░'.repeat(22);
    expect(written).toBe(`\r${full}  25 %  3,000 sent, 20/s, 1,234 sessions, 7 min 30 s left\u001b[K`);
    bar.close();
    expect(written.endsWith('\n')).toBe(true);
  });

  it('goes by what will end the run first, and fits terminals of any width', () => {
    for (const columns of [1, 10, 40, 60, 79, 200]) {
      const lines: string[] = [];
      const bar = createProgressBar(
        { durationMs: 600_000, maxEvents: 400 },
        () => columns,
        (text) => lines.push(text),
      );
      bar.show(reportAt(10, 300));
      const [line = ''] = lines;
      const visible = line.slice(1, -'\u001b[K'.length);
      expect(visible.length).toBeLessThan(columns);
      if (columns >= 60) expect(visible).toContain(' 75 %  300 sent, 30/s, 1,234 sessions, 4 s left');
    }
  });

  it('is a line a minute elsewhere', () => {
    const lines: string[] = [];
    const progress = createProgressLines({ durationMs: FOREVER, maxEvents: FOREVER }, (text) =>
      lines.push(text),
    );
    for (let second = 1; second <= 150; second += 1) progress.show(reportAt(second, second / 4));
    progress.close();
    expect(lines).toEqual([
      '1 min: 15 sent, 0.3/s, 1,234 sessions\n',
      '2 min: 30 sent, 0.3/s, 1,234 sessions\n',
    ]);
  });
});
