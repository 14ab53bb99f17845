import type { User } from '../contract/event.ts';
import type { Counts } from './counts.ts';
import type { Losses } from './doubt/losses.ts';
import type { Identities } from './identities.ts';
import type { Host, Session } from './session.ts';

/** Lines of a user on a host that were left out because the user was excluded. */
export interface MissedLines {
  readonly host: string;
  readonly user: User;
  readonly lines: number;
}

export type IsExcluded = (user: User) => boolean;

/** From now on the sessions of those whom `isExcluded` names, and of nobody else, are kept without being counted. */
export function hide(identities: Identities, counts: Counts, isExcluded: IsExcluded): void {
  identities.isExcluded = isExcluded;
  for (const [user, keys] of identities.keysByUser()) {
    if (isExcluded(user) === user.isHidden) continue;
    counts.setHidden(user, keys, !user.isHidden);
    // Others are counted now than those whose lines came.
    for (const { host } of keys) host.balance.begin(null);
  }
}

/** Lines were left out, null where nobody knows which. The sessions that carry another epoch now. */
export function noteMissed(
  missed: readonly MissedLines[] | null,
  identities: Identities,
  losses: Losses,
  hostOf: (name: string) => Host | null,
  now: number,
): Session[] {
  if (missed === null) losses.touchAll('excluded', now, null);
  const sure: Session[] = [];
  for (const [name, ofHost] of Map.groupBy(missed ?? [], (each) => each.host)) {
    const host = hostOf(name);
    if (host === null) continue;
    const keys = ofHost.map(({ user }) => identities.keyOf(host, user)).filter((key) => key !== null);
    const lines = ofHost.reduce((sum, each) => sum + each.lines, 0);
    sure.push(...losses.leftOut(host, new Set(keys), now, lines));
  }
  return sure;
}
