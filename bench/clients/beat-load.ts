import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The process of many clients that do no more than beat, each once a minute and each on a connection of its own, which it keeps
 * for as long as the server lets it, as `fetch` does. Asked, it says how they fared so far.
 */

export interface BeatPlan {
  readonly port: number;
  /** `user-0` and so on. */
  readonly clients: number;
}

/** So far. */
export interface BeatReport {
  readonly sent: number;
  /** Answered 200. */
  readonly heard: number;
  /** Answered otherwise, or the connection was closed or refused before. */
  readonly failed: number;
  /** Connections that are open. */
  readonly open: number;
}

const EVERY_MS = 60_000;
const TICK_MS = 5;

process.once('disconnect', () => process.exit(0));
const [{ port, clients }] = (await once(process, 'message')) as [BeatPlan];
const sockets = new Map<number, Socket>();
let [sent, heard, failed] = [0, 0, 0];

function beat(client: number): void {
  sent += 1;
  const id = `LAB\\user-${client}`;
  const socket = sockets.get(client) ?? open(client);
  let isAnswered = false;
  const answered = (bytes: Buffer): void => {
    isAnswered = true;
    if (bytes.toString('latin1').startsWith('HTTP/1.1 200')) heard += 1;
    else failed += 1;
    socket.off('close', closed);
  };
  const closed = (): void => {
    socket.off('data', answered);
    if (!isAnswered) failed += 1;
  };
  socket.once('data', answered).once('close', closed);
  socket.write(
    `GET /api/v2/events/session/heartbeat?id=${id}&close=false HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      'Authorization: Bearer a-client-key-0123456789\r\nAccept: application/json\r\n' +
      'User-Agent: exceptionless-js/3.2.1\r\n\r\n',
  );
}

function open(client: number): Socket {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  sockets.set(client, socket);
  // Who is refused or closed is told by `close`.
  socket.on('error', () => {});
  socket.once('close', () => sockets.delete(client));
  return socket;
}

process.on('message', () => process.send?.({ sent, heard, failed, open: sockets.size } satisfies BeatReport));
const startedAt = performance.now();
for (let n = 0; ; ) {
  const due = ((performance.now() - startedAt) * clients) / EVERY_MS;
  for (; n < due; n += 1) beat(n % clients);
  await sleep(TICK_MS);
}
