import { expect, it } from 'vitest';
import { canFail, failingDiskRounds } from './failing-disk.ts';

it.skipIf(!canFail())(
  'on a disk whose writes and syncs fail now and then nothing answered is lost, nothing doubled, and every refusal said',
  async () => {
    // The faults that are certain, and starts on a failing disk; the others stand in the longer run.
    const choices = [0.2, 0.2, 0.7, 0.9, 0.6, 0.99, 0.2];
    const seen = await failingDiskRounds({
      goesOn: (round) => round < 2,
      faults: 2,
      random: () => choices.shift() ?? 0.5,
      faultMs: () => 300,
    });
    expect(seen.problems).toEqual([]);
    expect(seen.failedCommits).toBeGreaterThan(0);
  },
  120_000,
);
