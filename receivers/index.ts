import type { z } from 'zod';
import { byType } from '../src/core/by-type.ts';
import type { Receiver } from '../src/core/receiver.ts';
import type { ReceiverParts } from './receiver-log.ts';
import { tcpSchema } from './tcp.schema.ts';
import { createTcpReceiver } from './tcp.ts';
import { tcpProblem } from './tcp-problem.ts';
import { udpSchema } from './udp.schema.ts';
import { createUdpReceiver } from './udp.ts';

/** One entry of `receivers`, told apart by `type`. A new kind of receiver is one more line here and below. */
export const receiverSchemas = byType('receiver', {
  udp: udpSchema,
  tcp: tcpSchema,
});
export type ReceiverConfig = z.output<typeof receiverSchemas>;

type Configs = { readonly [C in ReceiverConfig as C['type']]: C };
type Create<C> = (config: C, parts: ReceiverParts) => Receiver;

const factories: { readonly [T in keyof Configs]: Create<Configs[T]> } = {
  udp: createUdpReceiver,
  tcp: createTcpReceiver,
};

/** What would keep a receiver from its work, as far as its files say; null where nothing would. `now`: ms since 1970 UTC. */
export async function receiverProblem(
  config: ReceiverConfig,
  folder: string,
  now: number,
): Promise<string | null> {
  return config.type === 'tcp' ? tcpProblem(config, folder, now) : null;
}

/** Makes a receiver; it does not listen before `start`. */
export function createReceiver(config: ReceiverConfig, parts: ReceiverParts): Receiver {
  const create = factories[config.type] as Create<ReceiverConfig>;
  return create(config, parts);
}
