import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/*
 * For `node --import`: what the program writes goes to `log/headcount.log` in the working folder. Windows has nothing that
 * catches the output of a task and limits it, as journald does. Here two files of 10 MiB are all there will ever be.
 */
const FOLDER = 'log';
const FILE = 'log/headcount.log';
const OLD_FILE = 'log/headcount.old.log';
const MOST_BYTES = 10 * 1024 ** 2;

/** A log that cannot be written is no reason to end: events are kept all the same. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // There is nowhere to say it.
  }
}

function write(text: string | Uint8Array): void {
  // Someone who reads the old file may keep it from being replaced. Then this one grows until they are done.
  attempt(() => {
    if ((statSync(FILE, { throwIfNoEntry: false })?.size ?? 0) >= MOST_BYTES) renameSync(FILE, OLD_FILE);
  });
  attempt(() => appendFileSync(FILE, text, { mode: 0o600 }));
}

// Other threads hand what they write to the main one.
if (isMainThread) {
  attempt(() => mkdirSync(FOLDER, { mode: 0o700 }));
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (text: string | Uint8Array, ...rest: unknown[]): boolean => {
      write(text);
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(() => done());
      return true;
    };
    // A task may get a console that nobody sees, where lines would be for people and not come by here.
    stream.isTTY = false;
  }
  // Node itself writes why it ends, and not by these streams.
  process.on('uncaughtExceptionMonitor', (error) => write(`${error.stack ?? error}\n`));
}
