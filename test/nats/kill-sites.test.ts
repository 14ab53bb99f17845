import { expect, it } from 'vitest';
import { killSites } from './kill-sites.ts';
import { hasNats } from './nats-servers.ts';

it.skipIf(!hasNats)(
  'when servers, edges and the central Headcount are killed, every event is there once and in order in the end',
  async () => {
    const choices = [0.1, 0.9, 0.8, 0.6, 0.2, 0.45];
    const problems = await killSites({
      ...{ seconds: 6, rate: 400, pauseMs: () => 900 },
      random: () => choices.shift() ?? 0.9,
    });
    expect(problems).toEqual([]);
  },
  180_000,
);
