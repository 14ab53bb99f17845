import { setImmediate } from 'node:timers/promises';

/** Turns of the event loop without anything new; the first may pass without asking the kernel. */
const QUIET_TURNS = 2;
/** One turn reads up to 32 datagrams of a socket. */
const MOST_TURNS = 1000;

/**
 * Resolves when `count` stands still, so when all that the kernel held has been read. After a stall that is
 * thousands of messages, which a receiver would lose if it just closed. Gives up on a sender that never rests.
 */
export async function untilQuiet(count: () => number): Promise<void> {
  let seen = count();
  let quiet = 0;
  for (let turn = 0; turn < MOST_TURNS && quiet < QUIET_TURNS; turn += 1) {
    await setImmediate();
    quiet = count() === seen ? quiet + 1 : 0;
    seen = count();
  }
}
