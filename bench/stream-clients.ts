import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * The client process of streams: opens so many and reads them. Any later message is answered with the bytes and messages that
 * came.
 */

export interface StreamClientsPlan {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
}

export interface StreamClientsReport {
  readonly bytes: number;
  readonly open: number;
}

process.once('disconnect', () => process.exit(0));
const [{ port, path, clients }] = (await once(process, 'message')) as [StreamClientsPlan];
let bytes = 0;
let open = 0;
const heads = Array.from({ length: clients }, async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString().startsWith('HTTP/1.1 200')) throw new Error(head.toString());
  open += 1;
  socket.on('close', () => {
    open -= 1;
  });
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
});
await Promise.all(heads);
const report = (): void => void process.send?.({ bytes, open } satisfies StreamClientsReport);
process.on('message', report);
report();
