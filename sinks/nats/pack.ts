import { Buffer } from 'node:buffer';
import { PoisonRowError } from '../../src/contract/sink.ts';

/** An event on its way, with its place in the batch. */
export interface Packed {
  readonly seq: number;
  readonly place: number;
  readonly json: string;
}

/** Cut so that each fits. @throws PoisonRowError where one event alone does not */
export function* inMessages(events: readonly Packed[], mostBytes: number): Generator<Packed[]> {
  let packed: Packed[] = [];
  let bytes = 2;
  for (const event of events) {
    const size = Buffer.byteLength(event.json) + 1;
    if (size + 2 > mostBytes)
      throw new PoisonRowError(event.place, `an event of ${size} bytes; the server takes ${mostBytes}`);
    if (bytes + size > mostBytes) {
      yield packed;
      packed = [];
      bytes = 2;
    }
    packed.push(event);
    bytes += size;
  }
  if (packed.length > 0) yield packed;
}
