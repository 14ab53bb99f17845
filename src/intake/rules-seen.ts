import { type BlacklistRule, createBlacklist } from '../contract/blacklist.ts';
import type { User } from '../contract/event.ts';

/** Of users that were left out, so many are remembered; more are forgotten all at once. */
const MOST_USERS = 10_000;

/**
 * Which rules of a blacklist were about somebody so far. It is told of users that are left out only, and looks at each of
 * them once.
 */
export class RulesSeen {
  readonly #rules: readonly BlacklistRule[];
  readonly #seen = new Set<BlacklistRule>();
  readonly #users = new Set<string>();

  constructor(rules: readonly BlacklistRule[]) {
    this.#rules = rules;
  }

  /** For other rules: what was seen of those that are the same counts on. */
  of(rules: readonly BlacklistRule[]): RulesSeen {
    const next = new RulesSeen(rules);
    const isSame = (one: BlacklistRule, other: BlacklistRule) =>
      one.directory === other.directory && one.userId === other.userId;
    for (const rule of rules) {
      if ([...this.#seen].some((before) => isSame(before, rule))) next.#seen.add(rule);
    }
    return next;
  }

  /** Each rule, in order, and whether anybody that it is about was seen. */
  get all(): readonly (readonly [rule: BlacklistRule, isSeen: boolean])[] {
    return this.#rules.map((rule) => [rule, this.#seen.has(rule)]);
  }

  note(user: User | null): void {
    if (user === null || this.#seen.size === this.#rules.length) return;
    const name = `${user.directory}\\${user.id}`;
    if (this.#users.has(name)) return;
    if (this.#users.size >= MOST_USERS) this.#users.clear();
    this.#users.add(name);
    for (const rule of this.#rules) {
      if (!this.#seen.has(rule) && createBlacklist([rule]).excludes(user)) this.#seen.add(rule);
    }
  }
}
