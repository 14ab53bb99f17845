import { expect, inject, it } from 'vitest';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { killSinkRounds } from './kill-sinks.ts';

const jar = inject('questdb')?.jar ?? null;

it.skipIf(jar === null)(
  'when Headcount and QuestDB are killed, every event and session is in QuestDB once in the end',
  async () => {
    const server = await QuestDbServer.start(jar ?? '');
    const delays = [500, 800, 300, 600, 700, 400];
    const choices = [0.5, 0.9, 0.1];
    try {
      const problems = await killSinkRounds(
        choices.length,
        server,
        () => delays.shift() ?? 500,
        () => choices.shift() ?? 0.5,
      );
      expect(problems).toEqual([]);
    } finally {
      await server.dispose();
    }
  },
  120_000,
);
