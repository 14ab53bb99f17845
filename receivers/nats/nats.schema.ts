import { z } from 'zod';
import { receiverSettings } from '../../src/contract/receiver.ts';
import { text } from '../../src/contract/settings.ts';
import { checkNatsSettings, natsSettings } from '../../src/nats/settings.ts';
import { MOST_PARTITIONS } from '../../src/nats/stream.ts';

/** Such as `0-3` or `0-3, 6`; the numbers, in order. */
const partitions = text('partitions such as "0-3"').transform((input, context) => {
  const found = new Set<number>();
  for (const part of input.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from <= to && to < MOST_PARTITIONS)) {
      context.addIssue({
        code: 'custom',
        message: `expected partitions such as "0-3" or "0, 2-3", of 0-${MOST_PARTITIONS - 1}`,
      });
      return z.NEVER;
    }
    for (let partition = from; partition <= to; partition += 1) found.add(partition);
  }
  return [...found].sort((a, b) => a - b);
});

export const natsSchema = z
  .strictObject({
    type: z.literal('nats'),
    ...natsSettings,
    partitions: partitions.optional(),
    ...receiverSettings,
  })
  .superRefine((settings, context) => {
    checkNatsSettings(settings, (path, message) =>
      context.addIssue({ code: 'custom', path: [...path], message }),
    );
  });
export type NatsConfig = z.output<typeof natsSchema>;
