import type { z } from 'zod';
import { byType } from '../src/contract/plugin.ts';
import type { Receiver, ReceiverParts } from '../src/contract/receiver.ts';
import { tcpSchema } from './tcp/tcp.schema.ts';
import { createTcpReceiver } from './tcp/tcp.ts';
import { tcpProblem } from './tcp/tls.ts';
import { createUdpReceiver, udpSchema } from './udp/udp.ts';

/** One entry of `receivers`, told apart by `type`. A new kind of receiver is one more line here and below. */
export const receiverSchemas = byType('receiver', [{ schema: udpSchema }, { schema: tcpSchema }] as const);
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

/** Each has the name it was given, else that of its type, with a number where another one has that. */
export function createReceivers(
  receivers: readonly ReceiverConfig[],
  parts: Omit<ReceiverParts, 'name'>,
): Receiver[] {
  const names = new Set(receivers.map(({ name }) => name));
  return receivers.map((settings) => {
    let name = settings.name ?? settings.type;
    for (let n = 2; settings.name === undefined && names.has(name); n += 1) name = `${settings.type}-${n}`;
    names.add(name);
    return createReceiver(settings, { ...parts, name });
  });
}
