import { type BlacklistRule, createBlacklist } from './blacklist.ts';
import type { User } from './event.ts';

/** What kind of user somebody is. Where nobody knows who it is, it counts as a person, so that nobody is overlooked. */
export const USER_CLASSES = ['person', 'anonymous', 'service'] as const;
export type UserClass = (typeof USER_CLASSES)[number];

export type ClassOf = (user: User | null) => UserClass;

/** `serviceUsers`: rules as the blacklist has them. Sense gives each anonymous visit a user of its own, `NONE\anonymous` and a GUID. */
export function createClassOf(serviceUsers: readonly BlacklistRule[]): ClassOf {
  const services = createBlacklist(serviceUsers);
  return (user) => {
    if (services.excludes(user)) return 'service';
    const isNone = user?.directory?.toLowerCase() === 'none';
    return isNone && /^anonymous/i.test(user.id) ? 'anonymous' : 'person';
  };
}
