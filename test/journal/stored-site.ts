import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Sender, User, UserEvent } from '../../src/contract/event.ts';
import type { LineWords } from '../../src/contract/rows.ts';
import type { EdgePosition } from '../../src/contract/sites/forwarding.ts';
import type { KeptPoll } from '../../src/contract/snapshot.ts';
import { openJournalFile } from '../../src/journal/journal-file.ts';
import type { Names } from '../../src/journal/names.ts';
import { type Recovered, recover } from '../../src/journal/recover.ts';
import { type BatchMessage, checkpointMessage, EventRecords } from '../../src/journal/write/batch.ts';
import { PollRecords } from '../../src/journal/write/poll-records.ts';
import { Writer } from '../../src/journal/write/writer.ts';
import type { SiteBounds } from '../../src/sessions/hosts/room.ts';
import { type Applied, Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import type { SessionSettings } from '../../src/sessions/time-outs.ts';

/** A site whose events go through the real writer into a real file, in this thread so that a test can kill it anywhere. */
export class StoredSite {
  readonly directory = mkdtempSync(join(tmpdir(), 'headcount-test-'));
  readonly #settings: SessionSettings;
  readonly #bounds: SiteBounds | undefined;
  database!: DatabaseSync;
  site!: Site;
  #names!: Names;
  #writer!: Writer;
  #rows!: EventRecords;
  #polls!: PollRecords;
  readonly #waiting: EdgePosition[] = [];
  #nextSeq = 1;
  #storeId = '';
  /** When the program ran last for certain, as the last start found it; null in a new store. */
  stoppedAt: number | null = null;
  /** Identities of the events that it found then. */
  eventIds: Recovered['eventIds'] = [];
  /** Up to where events of other Headcounts are on the disk. */
  positions: Recovered['positions'] = [];
  readonly #since: number;

  /** `since`: when the store began. */
  constructor(settings: SessionSettings, since = 0, bounds?: SiteBounds) {
    this.#settings = settings;
    this.#bounds = bounds;
    this.#since = since;
    this.#open();
  }

  #open(isExcluded: (user: User) => boolean = () => false): void {
    this.database = openJournalFile(this.directory, this.#since);
    // What a test kills is this object, not the machine.
    this.database.exec('PRAGMA synchronous = OFF');
    this.site = new Site(this.#settings, this.#bounds);
    this.site.exclude(isExcluded, 0);
    const recovered = recover(this.database, this.site);
    this.#names = recovered.names;
    this.#nextSeq = recovered.nextSeq;
    this.#storeId = recovered.storeId;
    this.stoppedAt = recovered.stoppedAt;
    this.eventIds = recovered.eventIds;
    this.positions = recovered.positions;
    this.#waiting.splice(0);
    this.#writer = new Writer(this.database, true);
    this.#rows = new EventRecords(4);
    this.#polls = new PollRecords();
  }

  /** The number of the latest event. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** As the pipeline does; `sender` is what the journal does not keep. */
  apply(event: UserEvent, sender: Sender | null = null, words?: LineWords | null): void {
    if (this.site.lostLines.note(event, sender)) this.site.counterBeganAgain(event);
    this.site.clocks.note(event);
    this.add(event, this.site.apply(event, this.#nextSeq), words);
  }

  /** Keeps an event that the site has taken as the next one; with `words` where a sink wants those of lines. */
  add(event: UserEvent, applied: Applied, words?: LineWords | null): void {
    this.#rows.add(this.#nextSeq, event, applied, this.#names, words);
    this.#nextSeq += 1;
  }

  /** Takes a poll, with the whole answer where somebody wants that. */
  addPoll(poll: KeptPoll, wantsUnfiltered = false): void {
    this.#polls.add(poll, wantsUnfiltered);
  }

  addPosition(position: EdgePosition): void {
    this.#waiting.push(position);
  }

  /** Commits the events and polls so far, with the state behind them or without. */
  commit(at: number, withState: boolean): void {
    this.write(this.batch(at, withState));
  }

  /** What `commit` would write, which is nobody else's from then on. */
  batch(at: number, withState: boolean): BatchMessage {
    const { book, series } = this.site;
    for (const { event, applied } of withState ? this.site.takeCorrections(this.#nextSeq, at) : []) {
      this.#rows.add(this.#nextSeq, event, applied, this.#names);
      this.#nextSeq += 1;
    }
    const checkpoint = withState
      ? checkpointMessage(
          this.#nextSeq - 1,
          at,
          { ...stateOf(this.site), store: this.#storeId },
          book.pending.take(),
          series.takePending(),
          this.#names,
        )
      : null;
    const rows = this.#rows.take();
    return {
      type: 'batch',
      id: 1,
      names: this.#names.takeNew(),
      ...rows,
      polls: this.#polls.take(),
      positions: this.#waiting.splice(0),
      checkpoint,
    };
  }

  write(batch: BatchMessage): void {
    this.#writer.write(batch);
  }

  /** The writer's part of forgetting a dimension that retention deleted. */
  forgetDimension(name: string): void {
    this.#writer.points.forgetDimension(name);
  }

  /** Everything in memory is lost; what was committed comes back, under the rules of that moment. */
  killAndRestart(isExcluded?: (user: User) => boolean): void {
    this.database.close();
    this.#open(isExcluded);
  }

  /** The store becomes what `put` puts into its folder, and is opened as at a start. */
  replace(put: (directory: string) => void): void {
    this.database.close();
    put(this.directory);
    this.#open();
  }

  dispose(): void {
    this.database.close();
    rmSync(this.directory, { recursive: true });
  }
}
