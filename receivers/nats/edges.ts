import type { ForwardedEvents, ForwardingOutcome } from '../../src/contract/forwarding.ts';

/** What is known of one edge, for `/api/v1/ingest`. */
export interface EdgeStats {
  readonly edge: string;
  readonly site: string;
  /** Events taken since the start. */
  readonly events: number;
  /** When the last message of it was looked at, and when its latest event had arrived there; ISO 8601. */
  readonly lastSeenAt: string;
  readonly lastEventAt: string | null;
  /** Partitions of which events are missing at the moment. */
  readonly missing: readonly number[];
  /** Events that are gone for good. */
  readonly gone: number;
}

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
  readonly holes: Map<number, number>;
}

/** Of those that are known. */
const MOST_EDGES = 1_000;

/** What came of each edge, and what is missing. */
export class Edges {
  readonly #edges = new Map<string, Edge>();

  /** Returns true where something is missing that was not before. */
  note(message: ForwardedEvents, outcome: ForwardingOutcome, now: number): boolean {
    const edge = this.#edgeOf(message);
    if (edge === null) return false;
    edge.lastSeenAt = now;
    edge.site = message.site;
    if (typeof outcome === 'object') {
      const isNew = !edge.holes.has(message.partition);
      edge.holes.set(message.partition, outcome.missingAfter);
      return isNew;
    }
    if (outcome !== 'taken') return false;
    edge.holes.delete(message.partition);
    edge.events += message.events.length;
    edge.gone += message.gone;
    edge.lastEventAt = Math.max(edge.lastEventAt, message.events.at(-1)?.event.receivedAt ?? 0);
    return false;
  }

  #edgeOf({ edge: name, site }: ForwardedEvents): Edge | null {
    const known = this.#edges.get(name);
    if (known !== undefined) return known;
    if (this.#edges.size >= MOST_EDGES) return null;
    const edge = { site, events: 0, gone: 0, lastSeenAt: 0, lastEventAt: 0, holes: new Map() };
    this.#edges.set(name, edge);
    return edge;
  }

  get holes(): Hole[] {
    return [...this.#edges].flatMap(([edge, { holes }]) =>
      [...holes].map(([partition, after]) => ({ edge, partition, after })),
    );
  }

  get stats(): EdgeStats[] {
    return [...this.#edges].map(([edge, { site, events, gone, lastSeenAt, lastEventAt, holes }]) => ({
      edge,
      site,
      events,
      lastSeenAt: new Date(lastSeenAt).toISOString(),
      lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
      missing: [...holes.keys()],
      gone,
    }));
  }
}
