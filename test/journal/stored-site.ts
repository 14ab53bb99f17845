import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Sender, UserEvent } from '../../src/contract/event.ts';
import { openJournalFile } from '../../src/journal/journal-file.ts';
import type { Names } from '../../src/journal/names.ts';
import { recover } from '../../src/journal/recover.ts';
import { checkpointMessage, EventRows } from '../../src/journal/write/batch.ts';
import { Writer } from '../../src/journal/write/writer.ts';
import type { SessionSettings } from '../../src/sessions/session.ts';
import { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';

/** A site whose events go through the real writer into a real file, in this thread so that a test can kill it anywhere. */
export class StoredSite {
  readonly directory = mkdtempSync(join(tmpdir(), 'headcount-test-'));
  readonly #settings: SessionSettings;
  database!: DatabaseSync;
  site!: Site;
  #names!: Names;
  #writer!: Writer;
  #rows!: EventRows;
  #nextSeq = 1;
  #storeId = '';

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#open();
  }

  #open(): void {
    this.database = openJournalFile(this.directory, 0);
    // What a test kills is this object, not the machine.
    this.database.exec('PRAGMA synchronous = OFF');
    this.site = new Site(this.#settings);
    const recovered = recover(this.database, this.site);
    this.#names = recovered.names;
    this.#nextSeq = recovered.nextSeq;
    this.#storeId = recovered.storeId;
    this.#writer = new Writer(this.database, true);
    this.#rows = new EventRows(4);
  }

  /** As the pipeline does; `sender` is what the journal does not keep. */
  /** The number of the latest event. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  apply(event: UserEvent, sender: Sender | null = null): void {
    if (this.site.lostLines.note(event, sender)) this.site.counterBeganAgain(event);
    this.site.clocks.note(event);
    this.#rows.add(this.#nextSeq, event, this.site.apply(event, this.#nextSeq), this.#names);
    this.#nextSeq += 1;
  }

  /** Commits the events so far, with the state behind them or without. */
  commit(at: number, withState: boolean): void {
    const { book, series } = this.site;
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
    this.#writer.write({ type: 'batch', id: 1, names: this.#names.takeNew(), ...rows, checkpoint });
  }

  /** Everything in memory is lost; what was committed comes back. */
  killAndRestart(): void {
    this.database.close();
    this.#open();
  }

  dispose(): void {
    this.database.close();
    rmSync(this.directory, { recursive: true });
  }
}
