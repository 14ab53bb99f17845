import { afterEach, beforeEach, expect, it } from 'vitest';
import { FailingDisk } from './failing-disk.ts';
import { failingStarts } from './failing-starts.ts';
import { ProgramFolder } from './program.ts';

let folder: ProgramFolder;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(() => folder.dispose());

/** For ten minutes with `npm run failing-disk -- 10 starts`. */
it.skipIf(!FailingDisk.isPossible())(
  'a start at which reads fail is refused in one line and leaves the store as it is, or it has all that was accepted',
  async () => {
    const { problems, refused } = await failingStarts(new FailingDisk(folder.path), folder, [
      { chance: 1, after: 'SIGKILL' },
      { chance: 0.02, after: 'SIGKILL' },
      { chance: 0.005, after: 'SIGTERM' },
    ]);
    expect(problems).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  },
  120_000,
);
