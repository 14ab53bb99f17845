import type { UserEvent } from '../contract/event.ts';
import type {
  EdgeAlive,
  EdgePosition,
  ForwardedEvents,
  ForwardingIntake,
  ForwardingOutcome,
} from '../contract/sites/forwarding.ts';
import type { OtherSites } from '../sessions/edges/other-sites.ts';
import type { EventStore } from './event-store.ts';

/** Partitions of edges that are known at once: nobody forgets one, because its numbers must not be taken twice. */
const MOST_POSITIONS = 100_000;

export interface ForwardingParts {
  readonly store: Pick<EventStore, 'isBehind' | 'trouble' | 'addPosition'>;
  /** Works off what came before, then applies these in this order. Counts each. */
  readonly apply: (events: readonly UserEvent[]) => void;
  readonly otherSites: OtherSites;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
}

/**
 * Takes events of edges in the order of their numbers, each once, whatever comes twice or late: what is not above the number
 * that its partition has reached was taken before. That number goes to the disk with the events, so nothing has to be remembered beside it.
 */
export class Forwarding implements ForwardingIntake {
  readonly #parts: ForwardingParts;
  readonly #positions: Map<string, EdgePosition>;

  constructor(positions: readonly EdgePosition[], parts: ForwardingParts) {
    this.#parts = parts;
    this.#positions = new Map(positions.map((position) => [keyOf(position), position]));
    parts.otherSites.countBy((edge, partition) => this.takenOf(edge, partition));
  }

  positions(): readonly EdgePosition[] {
    return [...this.#positions.values()];
  }

  forward(message: ForwardedEvents): ForwardingOutcome {
    const { store, apply, otherSites, now } = this.#parts;
    const key = keyOf(message);
    const known = this.#positions.get(key);
    if (known === undefined && this.#positions.size >= MOST_POSITIONS) return 'refused';
    if (known !== undefined && message.previous > known.seq) return { missingAfter: known.seq };
    if (known !== undefined && message.through <= known.seq) return 'known';
    if (store.isBehind() || store.trouble !== null) return 'full';
    const seq = known?.seq ?? 0;
    // Before its hosts are made: they are known to be of another site.
    otherSites.know(message.edge, message.site);
    if (known !== undefined && message.gone > 0) otherSites.lost(message.site, message.gone, now());
    const news = message.events.filter((each) => each.seq > seq && each.seq <= message.through);
    apply(news.map(({ event }) => onSite(event, message.site)));
    const { edge, partition, through, stream, streamSeq } = message;
    const position = { edge, site: message.site, partition, seq: through, stream, streamSeq };
    this.#positions.set(key, position);
    store.addPosition(position);
    otherSites.taken(edge, message.site, news.at(-1)?.event.receivedAt ?? null);
    return 'taken';
  }

  alive(edge: string, alive: EdgeAlive, partitions: readonly number[]): void {
    this.#parts.otherSites.heard(edge, alive, partitions);
  }

  takenOf(edge: string, partition: number): number {
    return this.#positions.get(keyOf({ edge, partition }))?.seq ?? 0;
  }

  behindOf(edge: string): number | null {
    return this.#parts.otherSites.behindOf(edge);
  }
}

function keyOf({ edge, partition }: Pick<EdgePosition, 'edge' | 'partition'>): string {
  return `${partition} ${edge}`;
}

/** Hosts of two sites may have one name. */
function onSite(event: UserEvent, site: string): UserEvent {
  return { ...event, host: `${site}/${event.host}` };
}
