import type { ApiUnderTest, Item } from '../api-under-test.ts';
import type { PartQuery } from './random-site.ts';

interface SeenConnection {
  readonly appId: string | null;
  readonly openedAt: number;
  readonly closedAt: number | null;
}

/** A session as the API shows it, with all its connections. Times in milliseconds since 1970 UTC. */
export interface SeenSession {
  readonly host: string;
  readonly virtualProxy: string | null;
  readonly user: string | null;
  readonly class: 'person' | 'anonymous' | 'service';
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly connections: readonly SeenConnection[];
}

const ms = (at: unknown) => Date.parse(String(at));
const msOrNull = (at: unknown) => (at === null ? null : ms(at));

/** Looks at every session there is. */
export async function everySession(api: ApiUnderTest): Promise<SeenSession[]> {
  const items: Item[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await api.get(`/api/v1/sessions?limit=1000${cursor}`);
    items.push(...body.items);
    if (body['nextCursor'] === null) break;
    cursor = `&cursor=${body['nextCursor']}`;
  }
  return Promise.all(
    items.map(async ({ id }) => {
      const item = (await api.get(`/api/v1/sessions/${id}`)).body as unknown as Item;
      return {
        host: String(item['host']),
        virtualProxy: item['virtualProxy'] as string | null,
        user: item.user === null ? null : `${item.user.directory}\\${item.user.id}`.toLowerCase(),
        class: item['class'] as SeenSession['class'],
        startedAt: ms(item['startedAt']),
        endedAt: msOrNull(item['endedAt']),
        connections: (item['connections'] as Item[]).map((connection) => ({
          appId: connection['appId'] as string | null,
          openedAt: ms(connection['openedAt']),
          closedAt: msOrNull(connection['closedAt']),
        })),
      };
    }),
  );
}

/** When each session was refused, and where. */
export async function everyRejection(api: ApiUnderTest): Promise<{ host: string; at: number }[]> {
  const { items } = (await api.get('/api/v1/rejections?limit=100')).body;
  return items.map((item) => ({ host: String(item['host']), at: ms(item['at']) }));
}

const isOn = (from: number, to: number | null, at: number) => from <= at && (to === null || to > at);

/** What the sessions that are given say of a part: the slow way, one number after the other. */
export class Looked {
  readonly #part: PartQuery;
  readonly #sessions: readonly SeenSession[];

  constructor(all: readonly SeenSession[], part: PartQuery) {
    this.#part = part;
    this.#sessions = all.filter(
      ({ host, virtualProxy }) =>
        (part.host ?? host) === host && (part.virtualProxy ?? virtualProxy) === virtualProxy,
    );
  }

  #connectionsOf(session: SeenSession): SeenConnection[] {
    const { app } = this.#part;
    return session.connections.filter(({ appId }) => app === undefined || appId === app);
  }

  /** Sessions of the part at a moment, with their connections of it. */
  at(at: number): { session: SeenSession; open: SeenConnection[] }[] {
    return this.#sessions
      .filter(({ startedAt, endedAt }) => isOn(startedAt, endedAt, at))
      .map((session) => ({
        session,
        open: this.#connectionsOf(session).filter(({ openedAt, closedAt }) => isOn(openedAt, closedAt, at)),
      }))
      .filter(({ open }) => this.#part.app === undefined || open.length > 0);
  }

  /** What is counted as created and destroyed: sessions, or connections of the app. */
  get counted(): { from: number; to: number | null }[] {
    return this.#sessions.flatMap((session) =>
      this.#part.app === undefined
        ? [{ from: session.startedAt, to: session.endedAt }]
        : this.#connectionsOf(session).map(({ openedAt, closedAt }) => ({ from: openedAt, to: closedAt })),
    );
  }
}

export const distinct = (names: readonly (string | null)[]) =>
  new Set(names.filter((name) => name !== null)).size;
