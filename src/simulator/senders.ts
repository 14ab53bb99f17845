import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { z } from 'zod';
import { hostAndPort } from '../contract/host.ts';
import type { Clock } from './clock.ts';
import { authorization, request } from './http-request.ts';
import type { Line } from './line.ts';

/** A way out. `send` resolves when the lines have left (UDP), fit a buffer (TCP) or were answered (HTTP). */
export interface Sender {
  send(lines: readonly Line[]): Promise<void>;
  close(): Promise<void>;
  /** Lines refused by an answer; 0 where nothing answers. */
  refused(): number;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Where this machine finds what is bound to `host`: every address, `::`, is every IPv4 one too. */
export function reachable({ host, port }: Target): Target {
  return { host: host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host, port };
}

/** Datagrams in one go: a default receive buffer holds about 160 of them. */
const MAX_BURST = 64;
/** Items in one POST. */
const MAX_ITEMS = 500;
const MAX_RETRY_SECONDS = 5;
const answerSchema = z.object({ refused: z.array(z.unknown()) });

/** One line a datagram. The name is resolved once, and each appender has a port of its own, as in log4net. */
export async function createUdpSender({ host, port }: Target): Promise<Sender> {
  const { address, family } = await lookup(host);
  const sockets = new Map<string, Socket>();
  let failure: Error | null = null;

  function open(appender: string): Socket {
    const type = family === 6 ? 'udp6' : 'udp4';
    const socket = createSocket({ type, lookup: (_name, _options, found) => found(null, address, family) });
    socket.on('error', (error) => {
      failure = error;
    });
    sockets.set(appender, socket);
    return socket;
  }

  function sendBurst(lines: readonly Line[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = lines.length;
      const onSent = (error: Error | null) => {
        left -= 1;
        if (error) reject(error);
        else if (left === 0) resolve();
      };
      for (const { appender, text } of lines) {
        (sockets.get(appender) ?? open(appender)).send(text, port, address, onSent);
      }
    });
  }

  return {
    async send(lines) {
      if (failure !== null) throw failure;
      for (let from = 0; from < lines.length; from += MAX_BURST) {
        await sendBurst(lines.slice(from, from + MAX_BURST));
      }
    },
    async close() {
      const close = (socket: Socket) => new Promise<void>((resolve) => socket.close(resolve));
      await Promise.all(Array.from(sockets.values(), close));
    },
    refused: () => 0,
  };
}

/** One connection, as of a relay; frames end in LF. */
export async function createTcpSender({ host, port }: Target): Promise<Sender> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  let failure: Error | null = null;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => {
    failure ??= new Error(`${hostAndPort(host, port)} closed the connection`);
  });
  socket.resume();
  return {
    async send(lines) {
      if (failure !== null) throw failure;
      const hasRoom = socket.write(lines.map(({ text }) => `${text}\n`).join(''));
      if (!hasRoom && failure === null) await room(socket);
    },
    async close() {
      if (failure !== null) return;
      await new Promise<void>((resolve) => socket.end(resolve));
      socket.destroy();
    },
    refused: () => 0,
  };
}

/** Resolves when there is room again, or never will be. */
function room(socket: TcpSocket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** NDJSON to `POST /api/v1/events`; a token needs the scope `ingest`. While the receiver is busy (503) the batch is offered again. */
export function createHttpSender(
  { host, port }: Target,
  clock: Clock,
  signal: AbortSignal,
  token: string | null = null,
): Sender {
  const url = `http://${hostAndPort(host, port)}/api/v1/events`;
  let refused = 0;

  async function post(body: string): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson', ...authorization(token) };
    const answer = await request(url, { method: 'POST', headers, body });
    if (answer.status === 503) {
      const seconds = Math.min(Number(answer.headers.get('retry-after')) || 1, MAX_RETRY_SECONDS);
      if (signal.aborted) throw new Error(`${url} was still busy when the simulation was stopped`);
      await clock.sleep(seconds * 1000, signal);
      return post(body);
    }
    const isRead = answer.status === 202 || answer.status === 422;
    if (!isRead) throw new Error(`${url} answered ${answer.status}: ${answer.text}`);
    refused += countRefused(answer.text);
  }

  return {
    async send(lines) {
      for (let from = 0; from < lines.length; from += MAX_ITEMS) {
        const items = lines.slice(from, from + MAX_ITEMS);
        await post(items.map(({ text }) => `${text}\n`).join(''));
      }
    },
    async close() {},
    refused: () => refused,
  };
}

function countRefused(text: string): number {
  const answer = answerSchema.safeParse(JSON.parse(text));
  return answer.success ? answer.data.refused.length : 0;
}
