import { createReceiver } from '../receivers/index.ts';
import type { ReceiverParts } from '../receivers/receiver-log.ts';
import type { Config } from './config.ts';
import type { Receiver } from './core/receiver.ts';

/** Each has the name it was given, else that of its type, with a number where another one has that. */
export function createReceivers({ receivers }: Config, parts: Omit<ReceiverParts, 'name'>): Receiver[] {
  const names = new Set(receivers.map(({ name }) => name));
  return receivers.map((settings) => {
    let name = settings.name ?? settings.type;
    for (let n = 2; settings.name === undefined && names.has(name); n += 1) name = `${settings.type}-${n}`;
    names.add(name);
    return createReceiver(settings, { ...parts, name });
  });
}
