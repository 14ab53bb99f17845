import type { Blacklist } from '../contract/blacklist.ts';
import type { User, UserEvent } from '../contract/event.ts';
import { foldName } from '../contract/fold-name.ts';
import type { MissedLines } from '../sessions/hidden.ts';
import { copied } from '../sessions/string-pool.ts';

/** Users on hosts whose lines are counted one by one. */
const MOST_COUNTED = 10_000;

/** Counts the lines that the blacklist left out: they are missed once a user is not excluded any more. */
export class LeftOut {
  #counted = new Map<string, { readonly host: string; readonly user: User; lines: number }>();
  #isComplete = true;

  note({ host, user }: UserEvent): void {
    if (user === null) return;
    const name = JSON.stringify([
      host,
      user.directory === null ? null : foldName(user.directory),
      foldName(user.id),
    ]);
    const known = this.#counted.get(name);
    if (known !== undefined) known.lines += 1;
    else if (this.#counted.size >= MOST_COUNTED) this.#isComplete = false;
    else {
      const directory = user.directory === null ? null : copied(user.directory);
      this.#counted.set(name, { host: copied(host), user: { directory, id: copied(user.id) }, lines: 1 });
    }
  }

  /** The lines of users whom the new rules do not exclude; null where there were too many users to know. */
  take(blacklist: Blacklist): MissedLines[] | null {
    if (!this.#isComplete) {
      this.#isComplete = true;
      this.#counted = new Map();
      return null;
    }
    const missed: MissedLines[] = [];
    for (const [name, lines] of this.#counted) {
      if (blacklist.excludes(lines.user)) continue;
      missed.push(lines);
      this.#counted.delete(name);
    }
    return missed;
  }
}
