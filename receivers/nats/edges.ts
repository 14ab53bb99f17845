import type {
  EdgeAlive,
  EdgeStats,
  ForwardedEvents,
  ForwardingOutcome,
} from '../../src/contract/sites/forwarding.ts';

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
  /** By partition, the number after which events are missing. */
  readonly holes: Map<number, number>;
  /** The same of what may yet be on its way. */
  suspected: ReadonlyMap<number, number>;
}

/** One more makes room of the one that has been silent for longest. */
const MOST_EDGES = 1_000;

/** What came of each edge, and what is missing. */
export class Edges {
  readonly #edges = new Map<string, Edge>();

  /** Returns true where something is missing that was not before. */
  note(message: ForwardedEvents, outcome: ForwardingOutcome, now: number): boolean {
    const { partition, events, gone } = message;
    const edge = this.#seen(message.edge, message.site, now);
    if (typeof outcome === 'object') {
      const isNew = !edge.holes.has(partition);
      edge.holes.set(partition, outcome.missingAfter);
      return isNew;
    }
    if (outcome !== 'taken') return false;
    edge.holes.delete(partition);
    edge.events += events.length;
    edge.gone += gone;
    edge.lastEventAt = Math.max(edge.lastEventAt, events.at(-1)?.event.receivedAt ?? 0);
    return false;
  }

  /**
   * An edge says that it is there. `lacking`: what it says is in the stream, whose end was reached without that. Where it is still
   * so the next time, the stream has lost it.
   */
  alive(
    name: string,
    { site }: Pick<EdgeAlive, 'site'>,
    lacking: ReadonlyMap<number, number>,
    now: number,
  ): void {
    const edge = this.#seen(name, site, now);
    for (const [partition, after] of lacking) {
      if (edge.suspected.get(partition) === after) edge.holes.set(partition, after);
    }
    edge.suspected = lacking;
  }

  #seen(name: string, site: string, now: number): Edge {
    const known = this.#edges.get(name);
    const edge = known ?? { site, ...NOTHING, holes: new Map(), suspected: new Map() };
    edge.site = site;
    edge.lastSeenAt = now;
    // The last one is the one that was seen last.
    this.#edges.delete(name);
    this.#edges.set(name, edge);
    const [oldest] = this.#edges.keys();
    if (this.#edges.size > MOST_EDGES && oldest !== undefined) this.#edges.delete(oldest);
    return edge;
  }

  get names(): Iterable<string> {
    return this.#edges.keys();
  }

  get holes(): Hole[] {
    return [...this.#edges].flatMap(([edge, { holes }]) =>
      [...holes].map(([partition, after]) => ({ edge, partition, after })),
    );
  }

  /** `behindOf`: how many events of an edge have not come. */
  stats(behindOf: (edge: string) => number | null): EdgeStats[] {
    const told = [...this.#edges].map(([edge, { lastSeenAt, lastEventAt, holes, ...known }]) => ({
      edge,
      site: known.site,
      events: known.events,
      lastSeenAt: new Date(lastSeenAt).toISOString(),
      lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
      behind: behindOf(edge),
      missing: [...holes.keys()],
      gone: known.gone,
    }));
    return told.sort((a, b) => (a.site + a.edge < b.site + b.edge ? -1 : 1));
  }
}

const NOTHING = { events: 0, gone: 0, lastSeenAt: 0, lastEventAt: 0 };
