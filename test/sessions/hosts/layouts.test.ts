import { describe, expect, it } from 'vitest';
import { pipelineUnderTest } from '../../intake/pipeline-under-test.ts';

const START = Date.UTC(2026, 0, 5, 8);
const MINUTE = 60_000;
const sender = { address: '192.0.2.1', port: 4242 };

const butlerSos = (host = 'node1') => `/qseow-proxy-session/;${host};Start session;LAB;ann;(null);(null);x`;
const butler5 = () => '/proxy-connection/;node1;Open connection;LAB;ann;(null);(null);x';
const of2016 = () => 'node1;Start session;LAB;ann';
const own = (host = 'NODE1.example.com') =>
  `/headcount/2;(null);(null);${host};Start session;0;(null);(null);(null);(null);(null);LAB;ann;(null);x`;
const rejection = () =>
  "/headcount/2;(null);(null);node1;Login;403;(null);(null);(null);(null);(null);LAB;ann;(null);OperationType: 'UsageDenied'";

/** Lines with the minutes at which they arrive. */
function received(lines: readonly (readonly [minute: number, line: string])[]) {
  const { pipeline, site, troubles } = pipelineUnderTest();
  for (const [minute, line] of lines) {
    pipeline.receive(Buffer.from(line), sender, START + minute * MINUTE);
    pipeline.work();
  }
  expect(pipeline.counters.refused).toEqual(new Map());
  const both = (minute: number) =>
    [...site.identities.hosts.values()]
      .filter(({ layouts }) => layouts.areBoth(START + minute * MINUTE))
      .map(({ name }) => name);
  return { told: troubles.filter((kind) => kind === 'both_layouts').length, both };
}

describe('a node that sends both layouts', () => {
  it('is noticed, and is over ten minutes after the last line of the two', () => {
    const { told, both } = received([
      [0, butlerSos()],
      [0, own()],
      [1, butlerSos()],
      [1, own()],
    ]);
    expect(told).toBe(1);
    expect(both(1)).toEqual(['node1']);
    expect(both(11)).toEqual(['node1']);
    expect(both(11.1)).toEqual([]);
  });

  it.each([
    ['of Butler 5', butler5()],
    ['of 2016', of2016()],
  ])('is noticed with the layout %s too', (_, line) => {
    expect(
      received([
        [0, own()],
        [1, line],
        [2, own()],
      ]).told,
    ).toBe(1);
  });

  it('is told of once an hour, each node by itself', () => {
    const lines: [number, string][] = [];
    for (let minute = 0; minute < 125; minute += 1) {
      for (const host of ['node1', 'node2']) lines.push([minute, butlerSos(host)], [minute, own(host)]);
    }
    expect(received(lines).told).toBe(6);
  });
});

describe('a node is not taken to send both', () => {
  it('where it changes from one layout to the other', () => {
    const { told, both } = received([
      [0, butlerSos()],
      [1, butlerSos()],
      [2, own()],
      [3, own()],
    ]);
    expect([told, both(3)]).toEqual([0, []]);
  });

  it('where it changes back after more than ten minutes', () => {
    const lines = [butlerSos(), own(), butlerSos()].map((line, n): [number, string] => [n * 6, line]);
    expect(received(lines).told).toBe(0);
  });

  it('where another node sends the other one', () => {
    const lines = [butlerSos('node1'), own('node2'), butlerSos('node1'), own('node2')];
    expect(received(lines.map((line) => [0, line])).told).toBe(0);
  });

  it('where its repository reports rejected sessions in the other one', () => {
    const lines = [butlerSos(), rejection(), butlerSos(), rejection(), butlerSos()];
    expect(received(lines.map((line) => [0, line])).told).toBe(0);
  });
});
