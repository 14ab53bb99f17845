import { workerData } from 'node:worker_threads';
import { RingWriter } from '../../../receivers/udp/ring.ts';

/** Fills a ring from a thread of its own, as fast as it can; each datagram says which one it is. */
const { memory, count } = workerData as { memory: SharedArrayBuffer; count: number };
const writer = new RingWriter(memory, () => {});
for (let at = 0; at < count; at += 1) writer.push(Buffer.alloc(at % 300, at % 256), at % 1_000, at);
