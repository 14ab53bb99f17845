import { z } from 'zod';
import { host, port, size, text } from '../src/core/settings.ts';
import { allow } from './allow.schema.ts';

/** `receiveBuffer` in bytes. Open to the network by default: Sense nodes send to it. */
export const udpSchema = z.strictObject({
  type: z.literal('udp'),
  host: host().prefault('::'),
  port: port().prefault(9997),
  allow: allow(),
  receiveBuffer: size('4KiB', '1GiB').prefault('4MiB'),
  name: text('a name').optional(),
});
export type UdpConfig = z.output<typeof udpSchema>;
