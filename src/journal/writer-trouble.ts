import type { JournalTrouble } from './journal-events.ts';
import { clockDoubt } from './write/retention-clock.ts';
import type { WriterReply } from './write/writer-thread.ts';

/** What the writer complains of: the kind, and what there is to say of it. */
export function troubleOf(
  reply: Exclude<WriterReply, { readonly type: 'committed' }>,
): [kind: JournalTrouble, message: string] {
  switch (reply.type) {
    case 'trouble':
      return ['commit failed', reply.message];
    case 'upkeep_trouble':
      return [reply.kind, reply.message];
    case 'retention_held':
      return [
        'retention is held up',
        'larger than store.maxSize, and what is oldest has yet to be delivered to a sink',
      ];
    case 'clock_doubted':
      return ['retention does not believe the clock', clockDoubt(reply)];
  }
}
