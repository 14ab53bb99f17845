import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded into the program: at SIGUSR2 its main thread stands still for three seconds, as a long computation or collection of
 * garbage would make it. The other threads go on.
 */

const STALL_MS = 3_000;

if (isMainThread) {
  process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS));
}
