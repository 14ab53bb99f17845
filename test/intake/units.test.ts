import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HEARTBEAT } from '../../src/formats/index.ts';
import { identityHolds, pipelineUnderTest } from './pipeline-under-test.ts';

const sender = { address: '192.0.2.1', port: 4242 };
const CASE = join(import.meta.dirname, '../cases/lines-several-in-one/input.jsonl');
const [newlines = ''] = readFileSync(CASE, 'utf8').split('\n');
const { text: THREE } = JSON.parse(newlines) as { text: string };
const LINES = THREE.trim().split('\n');

function given(text: string) {
  const samples: [kind: string, sample: string][] = [];
  const under = pipelineUnderTest([], (kind, sample) => samples.push([kind, sample]));
  under.pipeline.receive(Buffer.from(text), sender, 0);
  expect(identityHolds(under.pipeline)).toBe(true);
  under.pipeline.work();
  expect(identityHolds(under.pipeline)).toBe(true);
  return { ...under, samples };
}

describe('a line of 1 MiB, which a frame of TCP may have', () => {
  it('is an event like any other', () => {
    const { store, pipeline } = given(`${LINES[0]} ${'x'.repeat(1_048_576)}`);
    expect(store.events.map(({ user, message }) => [user?.id, message?.length])).toEqual([['v1', 4_096]]);
    expect(pipeline.counters.refused.size).toBe(0);
  });
});

describe('several lines in one message', () => {
  it('are an event each, and each is counted as received', () => {
    const { pipeline, store, samples } = given(THREE);
    expect(store.events.map(({ user, message }) => [user?.id, message])).toEqual([
      ['v1', null],
      ['v2', null],
      ['v3', null],
    ]);
    expect(pipeline.counters).toMatchObject({ received: 3, furtherLines: 2 });
    expect(samples).toEqual([]);
  });

  it('are refused from the second on where no control character is between them, each with a sample', () => {
    const { pipeline, store, samples } = given(LINES.join('#012'));
    expect(store.events.map(({ user }) => user?.id)).toEqual(['v1']);
    expect(pipeline.counters).toMatchObject({ received: 3, refused: new Map([['glued_line', 2]]) });
    expect(samples.map(([kind, sample]) => [kind, sample.slice(0, 70)])).toEqual([
      [
        'glued_line',
        '192.0.2.1: #012/qseow-proxy-session/;node1;Start session;LAB;v2;Not available'.slice(0, 70),
      ],
      [
        'glued_line',
        '192.0.2.1: #012/qseow-proxy-session/;node1;Start session;LAB;v3;Not available'.slice(0, 70),
      ],
    ]);
  });

  it('may be heartbeats and lines of other logs too', () => {
    const { pipeline } = given([HEARTBEAT, LINES[0], '/qseow-engine/;1;2', HEARTBEAT].join('\r\n'));
    const { received, heartbeats, refused } = pipeline.counters;
    expect([received, heartbeats, Object.fromEntries(refused)]).toEqual([4, 2, { not_user_event: 1 }]);
  });

  it('have arrived with their numbers, those that are refused too', () => {
    const own = (row: number) =>
      `/headcount/2;${row};20251026T003510.073+0200;node1;Start session;0;c;p;s;Not available;(null);LAB;u${row};Not available;x`;
    const { pipeline, site } = given([own(1), own(2), own(3)].join('\n') + own(4));
    pipeline.receive(Buffer.from(own(5)), sender, 0);
    pipeline.work();
    expect(pipeline.counters.refused).toEqual(new Map([['glued_line', 1]]));
    expect(site.lostLines.missing).toBe(0);
    expect(site.lostLines.missingOf('node1')).toBe(0);
  });
});
