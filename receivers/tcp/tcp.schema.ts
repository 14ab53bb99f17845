import { z } from 'zod';
import { receiverSettings } from '../../src/contract/receiver.ts';
import { duration, host, integer, oneOf, port, size, text } from '../../src/contract/settings.ts';
import { allow } from '../allow.schema.ts';
import { encoding } from '../encoding.schema.ts';

/** Files in PEM. `clientCertificates`: `request` takes a client that has none, `require` does not. */
const tls = z
  .strictObject({
    cert: text('a file with the certificate'),
    key: text('a file with the private key'),
    ca: text('a file with the certificate authority of the clients').optional(),
    clientCertificates: oneOf('none', 'request', 'require').prefault('none'),
    handshakeTimeout: duration('100ms', '5m').prefault('10s'),
  })
  .superRefine(({ ca, clientCertificates }, context) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    // Without one, whoever has a certificate of any public authority would be let in.
    if (clientCertificates !== 'none' && ca === undefined) {
      refuse('clientCertificates', '"ca" is missing beside it: whose certificates are good');
    }
    if (clientCertificates === 'none' && ca !== undefined) {
      refuse('ca', 'does nothing without "clientCertificates: require" (or request)');
    }
  });
export type TlsConfig = z.output<typeof tls>;

/**
 * `maxFrame` in bytes, time-outs in milliseconds. `idleTimeout` is long because a relay may lose the line
 * that it sends into a connection we have just closed, and a site is silent at night.
 */
export const tcpSchema = z.strictObject({
  type: z.literal('tcp'),
  host: host().prefault('127.0.0.1'),
  port: port().prefault(9998),
  allow: allow(),
  tls: tls.optional(),
  framing: oneOf('lf', 'octet-counting').prefault('lf'),
  encoding: encoding(),
  maxFrame: size('512B', '16MiB').prefault(65535),
  maxConnections: integer(1, 100_000).prefault(1000),
  maxConnectionsPerAddress: integer(1, 100_000).prefault(100),
  /** For one frame, from its first byte to its last. */
  frameTimeout: duration('100ms', '1d').prefault('30s'),
  idleTimeout: duration('100ms', '20d').prefault('24h'),
  ...receiverSettings,
});
export type TcpConfig = z.output<typeof tcpSchema>;
