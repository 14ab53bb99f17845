import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { UserEvent } from '../../contract/event.ts';
import type { LineWords } from '../../contract/rows.ts';
import type { EdgePosition } from '../../contract/sites/forwarding.ts';
import type { SessionChanges } from '../../sessions/pending-changes.ts';
import type { Second } from '../../sessions/series.ts';
import type { Applied } from '../../sessions/site.ts';
import type { Names, NewNames } from '../names.ts';
import { EVENT, EVENT_TEXTS } from '../schema/events.ts';
import type { Layout } from '../schema/layout.ts';
import { POINT } from '../schema/points.ts';
import { ACTIVITY, CLOSING, CONNECTION, SESSION } from '../schema/sessions.ts';
import type { PollRecord } from './poll-records.ts';

/** What the writer gets: records as their layouts say, in transferred memory. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly id: number;
  readonly names: NewNames;
  readonly events: Float64Array<ArrayBuffer>;
  readonly eventCount: number;
  /** For each column of text: by the place of the event in the batch, only those that have one. */
  readonly texts: readonly (readonly [place: number, text: string][])[];
  /** By the place of the event in the batch; of no event where no sink wants lines. */
  readonly lines: readonly EventLine[];
  readonly polls: readonly PollRecord[];
  /** Behind the events. */
  readonly positions: readonly EdgePosition[];
  readonly checkpoint: CheckpointMessage | null;
}

/** `words`: JSON of `LineWords`, null where no line told of the event. */
export type EventLine = readonly [place: number, words: string | null];

/** The state of the tracker once all events up to `seq` are folded in. */
export interface CheckpointMessage {
  readonly seq: number;
  readonly at: number;
  readonly state: string;
  readonly sessions: Float64Array<ArrayBuffer>;
  /** Sessions of which only the last activity changed. */
  readonly activities: Float64Array<ArrayBuffer>;
  readonly connections: Float64Array<ArrayBuffer>;
  /** Connections that have a row already and closed. */
  readonly closings: Float64Array<ArrayBuffer>;
  readonly points: Float64Array<ArrayBuffer>;
  readonly dimensions: readonly string[];
  /** Orphan Stops that belong to a session now: seq, session id. */
  readonly paired: readonly [number, number][];
  /** Sessions whose user came to be known after they began: id, the user's number. */
  readonly userLearnt: readonly [number, number][];
}

export function checkpointMessage(
  seq: number,
  at: number,
  state: object,
  changes: SessionChanges,
  seconds: readonly Second[],
  names: Names,
): CheckpointMessage {
  const dimensions = [...new Set(seconds.map((second) => second.dimension))];
  const places = new Map(dimensions.map((name, place) => [name, place]));
  // In order of their numbers, so that neighbours in the table are written together.
  const sessions = changes.sessions.sort((a, b) => a.id - b.id);
  const connections = changes.connections.sort((a, b) => a.id - b.id);
  const message: CheckpointMessage = {
    seq,
    at,
    state: JSON.stringify(state),
    sessions: SESSION.encodeAll(
      sessions.filter(({ change }) => change === 'all'),
      names,
    ),
    activities: ACTIVITY.encodeAll(
      sessions.filter(({ change }) => change === 'activity'),
      names,
    ),
    connections: CONNECTION.encodeAll(
      connections.filter(({ stored }) => !stored),
      names,
    ),
    closings: CLOSING.encodeAll(
      connections.filter(({ stored }) => stored),
      names,
    ),
    points: POINT.encodeAll(
      seconds.map((second) => ({ second, dimension: places.get(second.dimension) ?? 0 })),
      names,
    ),
    dimensions,
    paired: changes.paired.map(({ seq, session }) => [seq, session.id]),
    userLearnt: changes.userLearnt.map(({ id, key }) => [id, names.user(key.user)]),
  };
  for (const session of sessions) session.change = 'none';
  for (const connection of connections) {
    connection.changed = false;
    connection.stored = true;
  }
  return message;
}

/** What goes over to the writer with a batch, instead of being copied. */
export function memoryOf({ events, checkpoint }: BatchMessage): ArrayBuffer[] {
  if (checkpoint === null) return [events.buffer];
  const { sessions, activities, connections, closings, points } = checkpoint;
  return [events, sessions, activities, connections, closings, points].map(({ buffer }) => buffer);
}

/** Takes one record out of those in `cells`, as a statement takes it. */
export function fill(record: SQLInputValue[], cells: Float64Array, start: number, stride: number): void {
  for (let i = 0; i < stride; i += 1) {
    const value = cells[start + i] as number;
    record[i] = Number.isNaN(value) ? null : value;
  }
}

/** Runs a statement with each record. */
export function runAll(
  statement: StatementSync,
  cells: Float64Array,
  { stride }: Pick<Layout<never, never>, 'stride'>,
): void {
  const record: SQLInputValue[] = new Array(stride).fill(null);
  for (let start = 0; start < cells.length; start += stride) {
    fill(record, cells, start, stride);
    statement.run(...record);
  }
}

/** Memory that is kept for the next records. */
const MOST_SPARE = 4;
const LEAST_SPARE_BYTES = 64 * 1_024;
const MOST_SPARE_BYTES = 4 * 1_048_576;

/** Collects events as records until the writer takes them. */
export class EventRecords {
  #cells: Float64Array<ArrayBuffer>;
  readonly #spare: ArrayBuffer[] = [];
  #count = 0;
  #texts = noTexts();
  #lines: EventLine[] = [];

  constructor(capacity = 1_024) {
    this.#cells = new Float64Array(capacity * EVENT.stride);
  }

  get count(): number {
    return this.#count;
  }

  /** `words`: not given where no sink wants lines. */
  add(seq: number, event: UserEvent, applied: Applied, names: Names, words?: LineWords | null): void {
    const start = this.#count * EVENT.stride;
    if (start === this.#cells.length) this.#grow();
    const source = { seq, event, applied };
    EVENT.encode(this.#cells, start, source, names);
    for (let column = 0; column < EVENT_TEXTS.length; column += 1) {
      const text = EVENT_TEXTS[column]?.text(source) ?? null;
      if (text !== null) this.#texts[column]?.push([this.#count, text]);
    }
    if (words !== undefined) this.#lines.push([this.#count, words && JSON.stringify(words)]);
    this.#count += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#cells.length * 2);
    larger.set(this.#cells);
    this.#cells = larger;
  }

  /** Takes back memory that the writer is done with: fresh memory would cost more than the records. */
  recycle(memory: ArrayBuffer): void {
    const fits = memory.byteLength >= LEAST_SPARE_BYTES && memory.byteLength <= MOST_SPARE_BYTES;
    if (fits && this.#spare.length < MOST_SPARE) this.#spare.push(memory);
  }

  /** The records so far, after which it is empty again. */
  take(): Pick<BatchMessage, 'events' | 'eventCount' | 'texts' | 'lines'> {
    const spare = this.#spare.pop();
    const taken = {
      // Without spare memory the writer gets a copy of just what is used: it may not come back for long.
      events: spare === undefined ? this.#cells.slice(0, this.#count * EVENT.stride) : this.#cells,
      eventCount: this.#count,
      texts: this.#texts,
      lines: this.#lines,
    };
    if (spare !== undefined) this.#cells = new Float64Array(spare);
    this.#count = 0;
    this.#texts = noTexts();
    this.#lines = [];
    return taken;
  }
}

function noTexts(): [place: number, text: string][][] {
  return EVENT_TEXTS.map(() => []);
}
