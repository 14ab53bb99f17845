import { describe, expect, it } from 'vitest';
import { tcpSchema } from '../../../receivers/tcp/tcp.schema.ts';
import { pemFile, SERVER_FILES } from './tls-under-test.ts';
import { startReceiver } from './under-test.ts';

const ca = pemFile('clients', 'ca');

describe('the settings of TLS', () => {
  it.each([
    [
      { ...SERVER_FILES, clientCertificates: 'require' },
      'tls.clientCertificates',
      '"ca" is missing beside it',
    ],
    [{ ...SERVER_FILES, ca }, 'tls.ca', 'does nothing without "clientCertificates: require"'],
    [{ key: 'key.pem' }, 'tls.cert', 'expected a file with the certificate'],
  ])('are refused where they do not go together: %j', (tls, path, message) => {
    const issue = tcpSchema.safeParse({ type: 'tcp', tls }).error?.issues[0];
    expect([issue?.path.join('.'), issue?.message]).toEqual([path, expect.stringContaining(message)]);
  });

  it.each([
    [
      { cert: '/nowhere/cert.pem' },
      /^tcp 127\.0\.0\.1:0: cannot read tls\.cert: ENOENT.*\/nowhere\/cert\.pem/,
    ],
    [{ cert: SERVER_FILES.key }, /^tcp 127\.0\.0\.1:0: tls\.cert: .*key\.pem has no certificate in PEM/],
    [
      { key: pemFile('renewed', 'key') },
      /^tcp 127\.0\.0\.1:0: tls\.cert .* with tls\.key .*key values mismatch/,
    ],
    [{ key: SERVER_FILES.cert }, /^tcp 127\.0\.0\.1:0: tls\.cert .* with tls\.key .*/],
    [
      { ca: SERVER_FILES.key, clientCertificates: 'require' },
      /^tcp 127\.0\.0\.1:0: tls\.ca: .*has no certificate in PEM/,
    ],
  ])('that name files of no use stop the start with the reason: %j', async (tls, message) => {
    await expect(startReceiver({ tls: { ...SERVER_FILES, ...tls } })).rejects.toThrow(message);
  });
});
