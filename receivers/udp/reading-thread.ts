import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { WorkerSide } from '../../src/threads/worker-side.ts';
import { plainAddress } from '../address.ts';
import { type Allowed, AllowedSenders } from '../allowed-senders.ts';
import { bindPlace, untilQuiet } from '../listen.ts';
import { Nap } from './nap.ts';
import { growReceiveBuffer } from './receive-buffer.ts';
import { RingWriter } from './ring.ts';
import { SenderNumbers } from './sender-numbers.ts';

/*
 * The thread that reads a UDP socket. It asks who may send and copies what they send into a ring, and nothing else: while it
 * does something else the kernel's buffer fills. What the rest of the program does, it does not wait for.
 */

export interface ReadingData {
  readonly host: string;
  readonly port: number;
  readonly receiveBuffer: number;
  readonly allowed: Allowed;
  readonly ring: SharedArrayBuffer;
}

export type ReadingMessage =
  | { readonly type: 'allowed'; readonly allowed: Allowed }
  /** The answer to `quiet`. */
  | { readonly type: 'close' };

export type ReadingReply =
  /** Said once, before the thread is ready. `granted` is the receive buffer in bytes. */
  | { readonly type: 'bound'; readonly address: string; readonly port: number; readonly granted: number }
  /** There is something in the ring for whoever sleeps. */
  | { readonly type: 'filled' }
  /** So many more datagrams of senders that are not allowed; `sample` is the last one. */
  | { readonly type: 'refused'; readonly count: number; readonly sample: string }
  /** Of the socket. */
  | { readonly type: 'error'; readonly message: string }
  /** The thread was asked to stop, and all that the kernel held is in the ring. */
  | { readonly type: 'quiet' };

export interface ReadingTalk {
  readonly data: ReadingData;
  readonly toWorker: ReadingMessage;
  readonly fromWorker: ReadingReply;
  readonly question: never;
  readonly answer: never;
}

/** Refusals are told together: a stranger's flood costs nobody else anything. */
const TELL_REFUSED_MS = 50;

const side = new WorkerSide<ReadingTalk>();
const { host, port, receiveBuffer, ring } = side.data;
let allowed = new AllowedSenders(side.data.allowed);
const writer = new RingWriter(ring, () => side.tell({ type: 'filled' }));
const numbers = new SenderNumbers((...sender) => writer.introduce(...sender));
const cell = new Int32Array(new SharedArrayBuffer(4));
const nap = new Nap((ms) => Atomics.wait(cell, 0, 0, ms));
const refused = { count: 0, sample: '' };
let read = 0;

function onDatagram(bytes: Buffer, { address, port: from }: RemoteInfo): void {
  read += 1;
  nap.noteRead();
  if (!allowed.allows(address)) {
    refuse(`${bytes.length} bytes from ${plainAddress(address)}`);
    return;
  }
  const sender = numbers.of(address, from);
  if (sender === null) writer.drop();
  else writer.push(bytes, sender, Date.now());
}

function refuse(sample: string): void {
  if (refused.count === 0) setTimeout(tellRefused, TELL_REFUSED_MS);
  refused.count += 1;
  refused.sample = sample;
}

function tellRefused(): void {
  if (refused.count > 0) side.tell({ type: 'refused', ...refused });
  refused.count = 0;
}

async function bind(address: string, family: 4 | 6): Promise<Socket> {
  const bound = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false });
  bound.on('message', onDatagram);
  bound.bind({ address, port });
  try {
    await once(bound, 'listening');
  } catch (error) {
    bound.close();
    throw error;
  }
  return bound;
}

const socket = await bindPlace('udp', { host, port }, bind);
const granted = growReceiveBuffer(socket, receiveBuffer);
nap.holds(granted);
socket.on('error', ({ message }) => side.tell({ type: 'error', message }));
const { address, port: boundPort } = socket.address();
side.tell({ type: 'bound', address, port: boundPort, granted });

async function finish(): Promise<void> {
  nap.end();
  await untilQuiet(() => read);
  tellRefused();
  side.tell({ type: 'quiet' });
}

side.serve({
  heard(message) {
    if (message.type === 'allowed') allowed = new AllowedSenders(message.allowed);
    else socket.close(() => side.close());
  },
  stop: () => void finish(),
});
