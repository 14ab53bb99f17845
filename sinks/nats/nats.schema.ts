import { z } from 'zod';
import { duration, integer, size } from '../../src/contract/settings.ts';
import { deliverySettings } from '../../src/contract/sink.ts';
import { checkNatsSettings, natsSettings } from '../../src/nats/settings.ts';

export const natsSchema = z
  .strictObject({
    type: z.literal('nats'),
    ...natsSettings,
    /** Of the stream, where this sink makes it. */
    partitions: integer(1, 256).prefault(8),
    replicas: integer(1, 5).prefault(1),
    maxAge: duration('10m').prefault('7d'),
    maxSize: size('1MB', '1000TB').prefault('1GB'),
    ...deliverySettings,
  })
  .superRefine((settings, context) => {
    checkNatsSettings(settings, (path, message) =>
      context.addIssue({ code: 'custom', path: [...path], message }),
    );
  });
export type NatsConfig = z.output<typeof natsSchema>;
