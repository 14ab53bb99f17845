/** What is done beside commits, and failed. */
export type UpkeepTrouble = 'retention failed' | 'the log (-wal) cannot be written into the store';
type RetentionTrouble = 'is held up' | 'does not believe the clock';

export type JournalTrouble = 'commit failed' | UpkeepTrouble | `retention ${RetentionTrouble}`;

/** What a journal tells the program. */
export interface JournalEvents {
  /** So many more events of senders are on the disk. */
  committed(events: number): void;
  /** A commit, retention or writing the log into the file failed and is tried again, or retention is held up, or does not go by the clock. */
  trouble(kind: JournalTrouble, message: string): void;
  /** The writer died: nothing can be accepted any more. */
  failed(error: Error): void;
}
