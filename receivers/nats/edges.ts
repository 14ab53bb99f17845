import type { EdgeStats, ForwardedEvents, ForwardingOutcome } from '../../src/contract/forwarding.ts';
import type { Alive } from '../../src/nats/message.ts';

/** Events that a partition lacks. */
export interface Hole {
  readonly edge: string;
  readonly partition: number;
  readonly after: number;
}

interface Edge {
  site: string;
  events: number;
  gone: number;
  lastSeenAt: number;
  lastEventAt: number;
  /** Number of its latest event, and of the latest one that came; null where it has not said. */
  head: number | null;
  through: number;
  readonly holes: Map<number, number>;
}

/** One more makes room of the one that has been silent for longest. */
const MOST_EDGES = 1_000;

/** What came of each edge, and what is missing. */
export class Edges {
  readonly #edges = new Map<string, Edge>();

  /** Returns true where something is missing that was not before. */
  note(message: ForwardedEvents, outcome: ForwardingOutcome, now: number): boolean {
    const { partition, through, events, gone } = message;
    const edge = this.#seen(message.edge, message.site, now);
    if (typeof outcome === 'object') {
      const isNew = !edge.holes.has(partition);
      edge.holes.set(partition, outcome.missingAfter);
      return isNew;
    }
    if (outcome === 'known' || outcome === 'taken') edge.through = Math.max(edge.through, through);
    if (outcome !== 'taken') return false;
    edge.holes.delete(partition);
    edge.events += events.length;
    edge.gone += gone;
    edge.lastEventAt = Math.max(edge.lastEventAt, events.at(-1)?.event.receivedAt ?? 0);
    return false;
  }

  /** An edge says that it is there, and how many events it has. */
  alive(name: string, { site, head }: Alive, now: number): void {
    this.#seen(name, site, now).head = head;
  }

  #seen(name: string, site: string, now: number): Edge {
    const known = this.#edges.get(name);
    const edge = known ?? { site, ...NOTHING, holes: new Map() };
    edge.site = site;
    edge.lastSeenAt = now;
    // The last one is the one that was seen last.
    this.#edges.delete(name);
    this.#edges.set(name, edge);
    const [oldest] = this.#edges.keys();
    if (this.#edges.size > MOST_EDGES && oldest !== undefined) this.#edges.delete(oldest);
    return edge;
  }

  get holes(): Hole[] {
    return [...this.#edges].flatMap(([edge, { holes }]) =>
      [...holes].map(([partition, after]) => ({ edge, partition, after })),
    );
  }

  get stats(): EdgeStats[] {
    const told = [...this.#edges].map(
      ([edge, { lastSeenAt, lastEventAt, head, through, holes, ...known }]) => ({
        edge,
        site: known.site,
        events: known.events,
        lastSeenAt: new Date(lastSeenAt).toISOString(),
        lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
        behind: head === null ? null : Math.max(0, head - through),
        missing: [...holes.keys()],
        gone: known.gone,
      }),
    );
    return told.sort((a, b) => (a.site + a.edge < b.site + b.edge ? -1 : 1));
  }
}

const NOTHING = { events: 0, gone: 0, lastSeenAt: 0, lastEventAt: 0, head: null, through: 0 };
