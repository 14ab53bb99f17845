import { z } from 'zod';
import { type ReceiverConfig, receiverPlugin, receiverSchemas } from '../../receivers/index.ts';
import { isListening } from '../contract/receiver.ts';

/** Key `receivers`: each entry alone is checked by the schema of its kind, here is what they must not have in common. */
export const receivers = z.array(receiverSchemas).superRefine((entries, context) => {
  for (const [index, entry] of entries.entries()) {
    const before = entries.slice(0, index);
    const sharing = before.findIndex((other) => areServedAtOnePlace(entry, other));
    if (sharing >= 0) {
      context.addIssue({ code: 'custom', path: [index], message: `same address as receivers[${sharing}]` });
    }
    const namesake = before.findIndex(({ name }) => entry.name !== undefined && name === entry.name);
    if (namesake >= 0) {
      const message = `same name as receivers[${namesake}]`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
});

/** Two that ask are at no place, however often they ask the same server. */
function areServedAtOnePlace(one: ReceiverConfig, other: ReceiverConfig): boolean {
  if (one.type !== other.type) return false;
  if (isListening(one) && isListening(other)) {
    return one.port !== 0 && one.host === other.host && one.port === other.port;
  }
  return receiverPlugin(one).isServed === true;
}

/** What there is to say of one besides its address. */
export function receiverNotes(configured: ReceiverConfig): readonly string[] {
  return receiverPlugin(configured).notes?.(configured) ?? [];
}
