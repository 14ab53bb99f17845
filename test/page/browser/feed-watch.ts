import type { Page } from 'playwright-core';

/** What somebody who never looks away saw in the list "Latest events". */
export interface Watched {
  /** Users in the order in which their events appeared, and when, ms since 1970 UTC. */
  readonly seen: readonly (readonly [user: string, at: number])[];
  /** Rows that were there twice, or that stood above a newer one. */
  readonly wrong: readonly string[];
}

/**
 * Begins to watch the feed of a page. Each user must have a single event; `order` of the names is that of the events.
 * What was there before does not count.
 */
export async function watchFeed(page: Page): Promise<void> {
  await page.evaluate(`{
    const seen = new Map();
    const wrong = [];
    const read = () => [...document.querySelectorAll('.feed-row .feed-who')].map((who) => who.textContent);
    const before = new Set(read());
    const look = () => {
      const users = read().filter((user) => !before.has(user));
      const at = Date.now();
      for (const user of users.toReversed()) if (!seen.has(user)) seen.set(user, at);
      users.forEach((user, row) => {
        if (row > 0 && user >= users[row - 1]) wrong.push(user);
      });
    };
    new MutationObserver(look).observe(document.querySelector('.feed-frame'), { childList: true, subtree: true });
    globalThis.watched = () => ({ seen: [...seen], wrong });
  }`);
}

export function watched(page: Page): Promise<Watched> {
  return page.evaluate('watched()');
}

/** A name for the user of an event; later ones come later in the alphabet. */
export function numberedUser(n: number): string {
  return `w${String(n).padStart(6, '0')}`;
}
