import { z } from 'zod';
import { duration, host, integer, oneOf, port, size, text } from '../src/core/settings.ts';

/**
 * `maxFrame` in bytes, `idleTimeout` in milliseconds. The time-out is long because a relay may lose the line
 * that it sends into a connection we have just closed, and a site is silent at night.
 */
export const tcpSchema = z.strictObject({
  type: z.literal('tcp'),
  host: host().prefault('127.0.0.1'),
  port: port().prefault(9998),
  framing: oneOf('lf').prefault('lf'),
  maxFrame: size('512B', '16MiB').prefault(65535),
  maxConnections: integer(1, 100_000).prefault(1000),
  idleTimeout: duration('100ms', '20d').prefault('24h'),
  name: text('a name').optional(),
});
export type TcpConfig = z.output<typeof tcpSchema>;
