import { expect, it } from 'vitest';
import { SharedRun } from '../src/checkpoints.ts';

/** Work that ends when it is told to. */
function controlled() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const run = new SharedRun(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  return { run, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('those who ask while work runs share one run that begins after it', async () => {
  const { run, ends } = controlled();
  const first = run.once();
  await turn();
  const [second, third] = [run.once(), run.once()];
  await turn();
  expect(ends.length).toBe(1);
  ends[0]?.resolve();
  await first;
  await turn();
  expect(ends.length).toBe(2);
  ends[1]?.resolve();
  await Promise.all([second, third]);
});

it('a run that fails fails only for those who waited for it', async () => {
  const { run, ends } = controlled();
  const first = run.once();
  await turn();
  const second = run.once();
  ends[0]?.reject(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await turn();
  ends[1]?.resolve();
  await expect(second).resolves.toBeUndefined();
});
