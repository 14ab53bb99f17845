import { z } from 'zod';
import { type ReceiverConfig, receiverPlugin, receiverSchemas } from '../../receivers/index.ts';
import { isListening } from '../contract/receiver.ts';
import type { Path } from './yaml.ts';

/** Key `receivers`: each entry alone is checked by the schema of its kind, here is what they must not have in common. */
export const receivers = z.array(receiverSchemas).superRefine((entries, context) => {
  for (const [index, entry] of entries.entries()) {
    const before = entries.slice(0, index);
    const sharing = before.findIndex((other) => areServedAtOnePlace(entry, other));
    if (sharing >= 0) {
      context.addIssue({ code: 'custom', path: [index], message: `same address as receivers[${sharing}]` });
    }
    const another = sharesStream(entry) ? before.findIndex(sharesStream) : -1;
    if (another >= 0) {
      const message = `receivers[${another}] has some already: a central Headcount shares one stream`;
      context.addIssue({ code: 'custom', path: [index, 'partitions'], message });
    }
    const namesake = before.findIndex(({ name }) => entry.name !== undefined && name === entry.name);
    if (namesake >= 0) {
      const message = `same name as receivers[${namesake}]`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
});

/** Whether it follows some partitions of a stream, of which other central Headcounts follow others. */
export function sharesStream(entry: ReceiverConfig): boolean {
  return entry.type === 'nats' && entry.partitions !== undefined;
}

/** What is wrong at a place of the configuration; `text` is told at which line something is written. */
interface SharedPort {
  readonly path: Path;
  readonly text: (lineOf: (path: Path) => number) => string;
}

/** Receivers that would listen where the API does: each finds the other's port in use. `written`: what stands in the file. */
export function sharedPorts(
  { receivers: entries, api }: { receivers: readonly ReceiverConfig[]; api: { host: string; port: number } },
  written: unknown,
): SharedPort[] {
  const file = written as { readonly receivers?: unknown; readonly api?: { readonly port?: unknown } } | null;
  return entries.flatMap((entry, index): SharedPort[] => {
    if (!isListening(entry) || receiverPlugin(entry).listensOnTcp !== true) return [];
    const isSame = entry.port !== 0 && entry.port === api.port && overlap(entry.host, api.host);
    if (!isSame) return [];
    const path: Path = ['receivers', index, 'port'];
    if (file?.api?.port === undefined)
      return [{ path, text: () => `the API listens at ${api.port}, too: set api.port` }];
    const text: SharedPort['text'] = (lineOf) =>
      `receivers[${index}] listens at ${api.port}, too${file.receivers === undefined ? '' : `: yours, line ${lineOf(path)}`}`;
    return [{ path: ['api', 'port'], text }];
  });
}

/** Whether what listens at one address is in the way of the other. */
function overlap(one: string, other: string): boolean {
  return one === other || [one, other].some((host) => host === '::' || host === '0.0.0.0');
}

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
