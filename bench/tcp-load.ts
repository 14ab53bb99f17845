import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';
import { LINE_BYTES } from './lines.ts';
import { createStream, type StreamPlan } from './streams.ts';

/**
 * The sender process of a relay: lines over one TCP connection, as fast as they are taken. They are made beforehand, so that
 * what is measured is not the sender.
 */

export interface TcpPlan {
  readonly port: number;
  readonly stream: StreamPlan;
  /** Lines. */
  readonly count: number;
}

const LINES_IN_WRITE = 200;
const LINE_FEED = 0x0a;

function prepare({ stream, count }: TcpPlan): Buffer {
  const bytes = Buffer.alloc(count * (LINE_BYTES + 1), LINE_FEED);
  const writeNext = createStream(stream);
  for (let n = 0; n < count; n += 1) {
    const start = n * (LINE_BYTES + 1);
    writeNext(bytes.subarray(start, start + LINE_BYTES));
  }
  return bytes;
}

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
const [plan] = (await once(process, 'message')) as [TcpPlan];
const bytes = prepare(plan);
const socket = connect(plan.port, '127.0.0.1');
await once(socket, 'connect');
process.send?.('ready');
await once(process, 'message');
const step = LINES_IN_WRITE * (LINE_BYTES + 1);
for (let at = 0; at < bytes.length; at += step) {
  if (!socket.write(bytes.subarray(at, at + step))) await once(socket, 'drain');
}
socket.end();
await once(socket, 'close');
process.disconnect();
