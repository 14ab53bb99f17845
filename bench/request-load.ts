import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * The client process of an API: keeps some requests under way on each of some connections. Told what to ask, it answers with
 * answers a second. Reads no more of an answer than its end, so that what is measured is not the client.
 */

export interface RequestPlan {
  readonly port: number;
  readonly path: string;
  readonly seconds: number;
}

const CONNECTIONS = 4;
const UNDER_WAY = 8;

process.once('disconnect', () => process.exit(1));
const [{ port, path, seconds }] = (await once(process, 'message')) as [RequestPlan];
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
let answered = 0;
let over = false;
const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'));
const startedAt = performance.now();
for (const socket of sockets) {
  socket.write(request.repeat(UNDER_WAY));
  let rest = '';
  socket.on('data', (bytes: Buffer) => {
    const heads = (rest + bytes.toString('latin1')).split('HTTP/1.1 ');
    rest = heads.at(-1)?.slice(-8) ?? '';
    const answers = heads.slice(1);
    if (answers.some((head) => !head.startsWith('200'))) throw new Error(`${path} was not answered 200`);
    answered += answers.length;
    if (!over && answers.length > 0) socket.write(request.repeat(answers.length));
  });
}
setTimeout(() => {
  over = true;
  process.send?.((answered * 1_000) / (performance.now() - startedAt));
  for (const socket of sockets) socket.destroy();
  process.disconnect();
}, seconds * 1_000);
