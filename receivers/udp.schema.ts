import { z } from 'zod';
import { host, port, size, text } from '../src/core/settings.ts';

/** `receiveBuffer` in bytes. Open to the network by default: Sense nodes send to it. */
export const udpSchema = z.strictObject({
  type: z.literal('udp'),
  host: host().prefault('::'),
  port: port().prefault(9997),
  /** Senders that may; empty is everyone. Only that in this version: a list that did nothing would be worse. */
  allow: z
    .array(z.unknown())
    .max(0, 'expected [], everyone: this version has no sender allow-list')
    .prefault([]),
  receiveBuffer: size('4KiB', '1GiB').prefault('4MiB'),
  name: text('a name').optional(),
});
export type UdpConfig = z.output<typeof udpSchema>;
