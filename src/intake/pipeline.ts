import type { Blacklist } from '../contract/blacklist.ts';
import type { Arrival, NumberedLine, Sender, User, UserEvent } from '../contract/event.ts';
import { identityOn, storedIdentity } from '../contract/identity.ts';
import type { Intake, Outcome, SubmittedItem } from '../contract/receiver.ts';
import type { FailedPoll, Snapshot } from '../contract/snapshot.ts';
import {
  type Fault,
  isHeartbeat,
  type ParsedLine,
  rowOfRefused,
  type TakeLine,
  wordsOf,
} from '../formats/index.ts';
import { isOfOther } from '../sessions/applications/is-of-other.ts';
import { noteApplied } from './after-event.ts';
import { Forwarding } from './forwarding.ts';
import { countersAtZero, type IngestCounters } from './ingest-counters.ts';
import { keptFailure, keptSnapshot } from './kept-poll.ts';
import { LeftOut } from './left-out.ts';
import { MessageQueue, type TakeMessage } from './message-queue.ts';
import { MessageReader } from './message-reader.ts';
import { NoteRoom } from './note-room.ts';
import type { PipelineParts } from './pipeline-parts.ts';
import { RulesSeen } from './rules-seen.ts';
import { SnapshotTurns } from './snapshot-turns.ts';
import { inOrder } from './time-order.ts';
import { Twins } from './twins.ts';

/** Memory for messages between two turns. A full one is worked off at once. */
const QUEUE_BYTES = 16 * 1_048_576;
/**
 * A turn comes so long after the first message. Where there are more messages requests get their turn before the rest. So many at
 * once are put into order: what is alive when the garbage collector comes is expensive, and of a line everything is until then.
 */
const TURN = { afterMs: 10, messages: 1_000, inOrder: 125 };

/**
 * The order of life of a message: parse, blacklist, duplicate, order, session, journal. Synchronous; a
 * message is accepted when the store has committed it.
 */
export class Pipeline implements Intake {
  readonly counters: IngestCounters = countersAtZero();
  readonly edges: Forwarding;
  readonly #parts: PipelineParts;
  readonly #queue = new MessageQueue(QUEUE_BYTES);
  readonly #reader = new MessageReader();
  readonly #twins: Twins;
  readonly #leftOut = new LeftOut();
  readonly #noteRoom = new NoteRoom();
  readonly #snapshots: SnapshotTurns;
  #blacklist: Blacklist;
  #rulesSeen: RulesSeen;
  #events: UserEvent[] = [];
  #turnPending = false;
  readonly #message: TakeMessage = (memory, start, end, sender, receivedAt) => {
    const lines = this.#reader.read(memory, start, end, { receivedAt, sender }, this.#line);
    if (lines === null) this.#refuse('utf16', sender.address);
    else {
      // A message with several lines counts as so many.
      this.counters.received += lines - 1;
      this.counters.furtherLines += lines - 1;
    }
  };

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#blacklist = parts.blacklist;
    this.#rulesSeen = new RulesSeen(parts.blacklist.rules);
    this.#twins = new Twins(parts.checksum);
    this.edges = new Forwarding(parts.positions, {
      store: parts.store,
      otherSites: parts.site.otherSites,
      now: parts.now,
      apply: (events) => {
        this.work();
        this.counters.received += events.length;
        this.#apply(events.filter((event) => !this.#isExcluded(event) && this.#admit(event) === ACCEPTED));
      },
    });
    this.#snapshots = new SnapshotTurns({
      ...parts,
      work: () => this.work(),
      isExcluded: (user) => this.#blacklist.excludes(user),
    });
  }

  /** Messages taken and not yet accepted. */
  get inFlight(): number {
    return this.#queue.length + this.#parts.store.uncommitted;
  }

  receive(bytes: Uint8Array, sender: Sender, receivedAt: number): boolean {
    this.counters.received += 1;
    if (!this.#queue.push(bytes, sender, receivedAt)) {
      this.work();
      if (!this.#queue.push(bytes, sender, receivedAt)) this.#refuse('oversize', sender.address);
    }
    if (!this.#turnPending) this.#nextTurn(TURN.afterMs);
    return !this.#parts.store.isBehind(this.#queue.length);
  }

  #nextTurn(ms: number): void {
    this.#turnPending = true;
    this.#parts.later(() => this.#turn(), ms);
  }

  #turn(): void {
    this.#turnPending = false;
    this.work(TURN.messages);
    if (this.#queue.length > 0) this.#nextTurn(0);
  }

  /** Works off every message received so far, or the first ones. */
  work(messages = Number.POSITIVE_INFINITY): void {
    for (let done = 0; done < messages && this.#queue.length > 0; done += TURN.inOrder) {
      this.#queue.drain(this.#message, TURN.inOrder);
      this.#applyInOrder();
    }
  }

  readonly #line: TakeLine = (line, text, arrival) => {
    const { sender } = arrival;
    if (this.#reader.isGuess) this.#fault('not_utf8', typeof line === 'string' ? null : line.host, arrival);
    if (typeof line === 'string') {
      if (isHeartbeat(text)) {
        this.counters.heartbeats += 1;
        return;
      }
      const row = rowOfRefused(text, arrival);
      if (row !== null) this.#arrived(row, sender);
      this.#refuse(line, `${sender.address}: ${text.slice(0, SAMPLE_CHARACTERS)}`);
      return;
    }
    // A line that is excluded or comes twice has arrived.
    if (line.rowNumber !== null) this.#arrived(line, sender);
    this.#parts.site.clocks.correct(line);
    if (line.fault !== null) this.#fault(line.fault, line.host, arrival);
    const identity = line.identified ? this.#identify(line) : null;
    if (this.#isExcluded(line)) return;
    if (identity === null && this.#twins.isTwin(line, sender)) this.counters.duplicates += 1;
    else {
      const { status } = this.#admit(line);
      if (status === 'accepted') this.#events.push(line);
      // Who sends lines does not send them again.
      else if (status === 'refused') this.#parts.site.quality.dropped();
    }
  };

  /** `host`: null where the line names none that is known. */
  #fault(fault: Fault, host: string | null, { sender, receivedAt }: Arrival): void {
    const { faults, faultyHosts } = this.counters;
    const name = host ?? sender.address;
    this.#note(
      faults,
      fault,
      `${name}, from ${sender.address}: ${faultyHosts.note(fault, name, receivedAt)}`,
    );
  }

  /** Notes the number of a line. What came before the counter began again belongs to the time before. */
  #arrived(line: NumberedLine, sender: Sender): void {
    const { site } = this.#parts;
    if (!site.lostLines.note(line, sender)) return;
    this.#applyInOrder();
    site.counterBeganAgain(line);
  }

  #identify(line: ParsedLine): string {
    const identity = this.#parts.hash(`${line.host}\n${line.line}`);
    (line as { eventId: string | null }).eventId = identity;
    return identity;
  }

  #isExcluded(event: UserEvent): boolean {
    const excluded = this.#blacklist.excludes(event.user);
    if (!excluded) return false;
    this.counters.excluded += 1;
    this.#leftOut.note(event);
    this.#rulesSeen.note(event.user);
    return true;
  }

  /** Decides on one event that is not excluded, and counts it unless it is to be accepted. */
  #admit(event: UserEvent): Outcome {
    const { store, site, duplicates } = this.#parts;
    const stored = storedIdentity(event);
    const identity = stored === null ? null : identityOn(event.host, stored);
    if (identity !== null && duplicates.has(identity, event.receivedAt)) {
      this.counters.duplicates += 1;
      return DUPLICATE;
    }
    if (isOfOther(event, site.identities.hosts)) return this.#refuse('host_of_another_kind', event.host);
    if (store.full) return this.#refuse('journal_full', '');
    if (site.isFullFor(event)) return this.#refuse('too_many_sessions', event.host);
    if (event.kind === 'note' && !this.#noteRoom.take(event))
      return this.#refuse('too_many_notes', event.host);
    if (identity !== null) duplicates.add(identity, event.receivedAt);
    return ACCEPTED;
  }

  #applyInOrder(): void {
    this.#apply(inOrder(this.#events));
    this.#events = [];
  }

  #apply(events: readonly UserEvent[]): void {
    const { site, store } = this.#parts;
    for (const event of events) {
      const seq = store.nextSeq;
      const applied =
        event.application === true ? site.applyOfApplication(event, seq) : site.apply(event, seq);
      // What says nothing new was said before.
      if (applied === null) {
        this.counters.duplicates += 1;
        continue;
      }
      store.add(event, applied, store.wantsLines ? wordsOf(event) : null);
      noteApplied(this.#parts, event, applied);
    }
  }

  async submit(items: readonly SubmittedItem[]): Promise<Outcome[]> {
    const { site } = this.#parts;
    this.work();
    this.counters.received += items.length;
    const outcomes = items.map((item): Outcome => {
      if (item === 'heartbeat') {
        this.counters.heartbeats += 1;
        return HEARTBEAT;
      }
      if ('alive' in item) {
        this.counters.heartbeats += 1;
        site.applications.alive(item.alive);
        return HEARTBEAT;
      }
      if ('refused' in item) return this.#refuse(item.refused, item.sample);
      if (this.#isExcluded(item)) return EXCLUDED;
      const outcome = this.#admit(item);
      if (outcome.status === 'accepted') this.#events.push(item);
      return outcome;
    });
    this.#applyInOrder();
    await this.#parts.store.committed();
    return outcomes;
  }

  refuse(reason: string, sample: string): void {
    this.counters.received += 1;
    this.#refuse(reason, sample);
  }

  async snapshot(snapshot: Snapshot): Promise<void> {
    await this.#snapshots.take(snapshot);
    this.#parts.store.addPoll(keptSnapshot(snapshot, this.#blacklist));
    await this.#parts.store.committed();
  }

  snapshotFailed(poll: FailedPoll): void {
    this.#parts.store.addPoll(keptFailure(poll));
  }

  /** Each rule of the blacklist, and whether anybody that it is about was seen since it is there. */
  get rulesSeen(): RulesSeen['all'] {
    return this.#rulesSeen.all;
  }

  drained(): Promise<void> {
    this.work();
    return this.#parts.store.committed();
  }

  /** So many more events are on the disk. */
  committed(events: number): void {
    this.counters.accepted += events;
  }

  /** Takes new rules from the next event on. Sessions of whom they exclude are hidden now, the others are shown. */
  replaceBlacklist(blacklist: Blacklist, now: number): void {
    this.work();
    this.#rulesSeen = this.#rulesSeen.of(blacklist.rules);
    this.#blacklist = blacklist;
    this.#parts.site.exclude((user: User) => blacklist.excludes(user), now, this.#leftOut.take(blacklist));
  }

  #refuse(reason: string, sample: string): Outcome {
    this.#note(this.counters.refused, reason, sample);
    return { status: 'refused', reason };
  }

  #note(counts: Map<string, number>, kind: string, sample: string): void {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    this.#parts.onTrouble(kind, sample);
  }
}

const SAMPLE_CHARACTERS = 200;
const ACCEPTED: Outcome = { status: 'accepted' };
const DUPLICATE: Outcome = { status: 'duplicate' };
const EXCLUDED: Outcome = { status: 'excluded' };
const HEARTBEAT: Outcome = { status: 'heartbeat' };
