import { Buffer } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LINE_BYTES } from './lines.ts';
import type { FromLoad, LoadPlan, LoadReport, ToLoad } from './load-plan.ts';
import { createStream } from './streams.ts';

/**
 * The sender process: datagrams over loopback from several sockets, in ticks of 1 ms. What a tick has to send
 * follows from the clock and the number already sent, so the rate does not drift.
 */

/** A Sense node sends from one port per appender. */
const SOCKETS = 4;
const TICK_MS = 1;
/** After a stall the sender catches up in ticks of at most this much, not in one burst: that is another test. */
const LARGEST_TICK_MS = 4;
/** A datagram's memory is written again after so many others; none may still wait for the kernel then. */
const RING = 16_384;

async function open(port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: SOCKETS }, () => createSocket('udp4'));
  await Promise.all(
    sockets.map(async (socket) => {
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
    }),
  );
  return sockets;
}

async function send(plan: LoadPlan, sockets: readonly Socket[]): Promise<LoadReport> {
  const ring = Array.from({ length: RING }, () => Buffer.allocUnsafeSlow(LINE_BYTES));
  const writeNext = createStream(plan.stream);
  let [handedOver, sent, failed, largestTick] = [0, 0, 0, 0];
  const onSent = (error: Error | null): void => {
    if (error === null) sent += 1;
    else failed += 1;
  };
  const largest = plan.rate === null ? plan.count : Math.ceil((plan.rate * LARGEST_TICK_MS) / 1_000);
  const startedAt = performance.now();
  while (handedOver < plan.count) {
    const elapsed = performance.now() - startedAt;
    const due = plan.rate === null ? plan.count : Math.floor((elapsed / 1_000) * plan.rate);
    const until = Math.min(due, plan.count, sent + failed + RING, handedOver + largest);
    largestTick = Math.max(largestTick, until - handedOver);
    for (; handedOver < until; handedOver += 1) {
      const datagram = ring[handedOver % RING] as Buffer;
      writeNext(datagram);
      sockets[handedOver % SOCKETS]?.send(datagram, onSent);
    }
    await sleep(TICK_MS);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  while (sent + failed < plan.count) await sleep(TICK_MS);
  return { sent, failed, seconds, largestTick };
}

const say = (message: FromLoad): void => void process.send?.(message);
async function next<T extends ToLoad['type']>(type: T): Promise<Extract<ToLoad, { type: T }>> {
  const [message] = (await once(process, 'message')) as [ToLoad];
  if (message.type !== type) throw new Error(`expected ${type}, got ${message.type}`);
  return message as Extract<ToLoad, { type: T }>;
}

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
const { plan } = await next('plan');
const sockets = await open(plan.port);
say({ type: 'ready' });
await next('go');
say({ type: 'report', report: await send(plan, sockets) });
for (const socket of sockets) socket.close();
process.disconnect();
