import type { z } from 'zod';
import { byType, pluginOf } from '../src/contract/plugin.ts';
import type { Receiver, ReceiverParts, ReceiverPlugin, ReceiverSettings } from '../src/contract/receiver.ts';
import { exceptionlessReceiver } from './exceptionless/exceptionless.ts';
import { httpReceiver, httpSchema } from './http/http.ts';
import { natsReceiver } from './nats/nats.ts';
import { qpsReceiver } from './qps/qps.ts';
import { tcpReceiver } from './tcp/tcp.ts';
import { udpReceiver } from './udp/udp.ts';

/** Every kind of receiver. A new one is one more line here. */
export const RECEIVERS = [
  udpReceiver,
  tcpReceiver,
  httpReceiver,
  exceptionlessReceiver,
  qpsReceiver,
  natsReceiver,
] as const;

/** One entry of `receivers`, told apart by `type`. */
export const receiverSchemas = byType('receiver', RECEIVERS);
export type ReceiverConfig = z.output<typeof receiverSchemas>;

/** What is known of the kind that an entry is of. */
export function receiverPlugin(config: ReceiverSettings): ReceiverPlugin {
  return pluginOf<ReceiverPlugin>(RECEIVERS, config);
}

/** There in any case: the API listens anyway, and its tokens say who may send. */
const ALWAYS: ReceiverConfig = httpSchema.parse({ type: 'http' });

/**
 * Makes receivers; none does anything before `start`. Each has the name it was given, else that of its type, with a number
 * where another one has that.
 */
export function createReceivers(
  configured: readonly ReceiverConfig[],
  parts: Omit<ReceiverParts, 'name'>,
): Receiver[] {
  const isThere = configured.some(({ type }) => type === ALWAYS.type);
  const receivers = isThere ? configured : [...configured, ALWAYS];
  const names = new Set(receivers.map(({ name }) => name));
  return receivers.map((settings) => {
    let name = settings.name ?? settings.type;
    for (let n = 2; settings.name === undefined && names.has(name); n += 1) name = `${settings.type}-${n}`;
    names.add(name);
    return receiverPlugin(settings).create(settings, { ...parts, name });
  });
}
