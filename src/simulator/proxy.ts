import type { SeenSession } from '../contract/snapshot.ts';
import type { Truth } from './truth.ts';

/** What a proxy answers when it is asked who has a session on one of its virtual proxies. */
export function seenSessions(truth: Truth, host: string, virtualProxy: string): SeenSession[] {
  return truth
    .openSessions()
    .filter((session) => session.host === host && session.virtualProxy === virtualProxy)
    .map(({ proxyId, user }) => ({ id: proxyId, user }));
}

/** The same as the proxy's own API writes it (`GET /qps/session`). */
export function sessionAnswer(seen: readonly SeenSession[]): string {
  return JSON.stringify(
    seen.map(({ id, user }) => ({
      UserDirectory: user?.directory ?? '',
      UserId: user?.id ?? '',
      UserName: null,
      Attributes: [],
      SessionId: id,
    })),
  );
}
