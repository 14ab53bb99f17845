type RetentionTrouble = 'failed' | 'is held up' | 'does not believe the clock';

/** What a journal tells the program. */
export interface JournalEvents {
  /** So many more events of senders are on the disk. */
  committed(events: number): void;
  /** A commit or retention failed and is tried again, or retention is held up, or does not go by the clock. */
  trouble(kind: 'commit failed' | `retention ${RetentionTrouble}`, message: string): void;
  /** The writer died: nothing can be accepted any more. */
  failed(error: Error): void;
}
