import type { User } from './event.ts';
import { foldName } from './fold-name.ts';

/** Users to disregard. `*` stands for any run of characters, in both; without `userId` the whole directory. */
export interface BlacklistRule {
  readonly directory: string;
  readonly userId?: string | undefined;
}

export interface Blacklist {
  /** True when a rule covers this user. A null user and a user without directory are never covered. */
  excludes(user: User | null): boolean;
  readonly rules: readonly BlacklistRule[];
  /** Number of rules. */
  readonly size: number;
}

/** The rules of one directory, or of one directory pattern; everything folded. */
interface Users {
  everyone: boolean;
  readonly ids: Set<string>;
  readonly patterns: string[];
}

/** Compiles the rules once; `excludes` runs for every event and keeps nothing. Compares as `foldName` does. */
export function createBlacklist(rules: readonly BlacklistRule[]): Blacklist {
  const byDirectory = new Map<string, Users>();
  const byPattern = new Map<string, Users>();
  for (const rule of rules) {
    const directory = foldName(rule.directory);
    add(
      directory.includes('*') ? byPattern : byDirectory,
      directory,
      rule.userId === undefined ? undefined : foldName(rule.userId),
    );
  }

  function excludes(user: User | null): boolean {
    if (user === null || user.directory === null || rules.length === 0) return false;
    const directory = foldName(user.directory);
    const id = foldName(user.id);
    const users = byDirectory.get(directory);
    if (users !== undefined && covers(users, id)) return true;
    for (const [pattern, some] of byPattern) {
      if (matchesGlob(pattern, directory) && covers(some, id)) return true;
    }
    return false;
  }

  return { excludes, rules, size: rules.length };
}

function add(table: Map<string, Users>, directory: string, id: string | undefined): void {
  const users = table.get(directory) ?? { everyone: false, ids: new Set<string>(), patterns: [] };
  table.set(directory, users);
  if (id === undefined) users.everyone = true;
  else if (id.includes('*')) users.patterns.push(id);
  else users.ids.add(id);
}

function covers(users: Users, id: string): boolean {
  return users.everyone || users.ids.has(id) || users.patterns.some((pattern) => matchesGlob(pattern, id));
}

/**
 * Whether `pattern` covers the whole of `text`; `*` is the only wildcard. Not a RegExp: that takes exponential
 * time for patterns such as `*a*a*a*b`. Here only the last star is ever retried, so the cost is at most
 * the product of both lengths.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let retryFrom = 0;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next++;
      retryFrom = at;
    } else if (pattern[next] === text[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++retryFrom;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
