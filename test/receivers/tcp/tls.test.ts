import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { recordingLog, until } from '../receivers-under-test.ts';
import { certificateOf, openTlsClient, pemFile, SERVER_FILES, TRUSTING } from './tls-under-test.ts';
import { closedAfterwards, gone, openClient, startReceiver } from './under-test.ts';

const ca = pemFile('clients', 'ca');
const requiring = { tls: { ...SERVER_FILES, ca, clientCertificates: 'require' } };

function refusedOf({ receiver }: Awaited<ReturnType<typeof startReceiver>>): unknown {
  return receiver.stats()['refused'];
}

describe('the TCP receiver with TLS', () => {
  it.each([
    ['lf', 'one\ntwo\n'],
    ['octet-counting', '3 one3 two'],
  ])('hands over frames (%s) with their sender', async (framing, stream) => {
    const { receiver, intake, port } = await startReceiver({ tls: SERVER_FILES, framing });
    const client = await openTlsClient(port);
    client.write(stream);
    await until(() => intake.messages.length === 2);
    expect(intake.texts).toEqual(['one', 'two']);
    expect(intake.messages[0]?.sender).toMatchObject({ address: '127.0.0.1', port: client.localPort });
    expect(client.getProtocol()).toBe('TLSv1.3');
    expect(receiver.stats()).toMatchObject({
      connections: 1,
      received: 2,
      refused: {},
      tls: { validTo: '2120-01-01T00:00:00.000Z', trouble: null },
    });
  });

  it('speaks TLS 1.2 and nothing older', async () => {
    const started = await startReceiver({ tls: SERVER_FILES });
    const options = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(openTlsClient(started.port, options)).rejects.toThrow();
    await until(() => started.receiver.stats()['refusedConnections'] === 1);
    const client = await openTlsClient(started.port, { maxVersion: 'TLSv1.2' });
    expect(client.getProtocol()).toBe('TLSv1.2');
  });

  it.each(['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA256'])(
    'refuses the weak cipher %s',
    async (cipher) => {
      const started = await startReceiver({ tls: SERVER_FILES });
      const options = { maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` } as const;
      await expect(openTlsClient(started.port, options)).rejects.toThrow();
      await until(() => started.receiver.stats()['refusedConnections'] === 1);
    },
  );

  it('hears a client with a certificate of the authority where one is required', async () => {
    const { intake, port } = await startReceiver(requiring);
    (await openTlsClient(port, certificateOf('clients'))).write('one\n');
    await until(() => intake.messages.length === 1);
  });

  it('refuses a client without a certificate where one is required', async () => {
    const started = await startReceiver(requiring);
    const client = await openTlsClient(started.port);
    client.write('one\n');
    await until(() => client.destroyed);
    expect([started.intake.texts, refusedOf(started)]).toEqual([[], { no_client_certificate: 1 }]);
    expect(started.receiver.stats()).toMatchObject({ received: 0, refusedConnections: 1, connections: 0 });
  });

  it.each(['require', 'request'])(
    'refuses a certificate of another authority (%s)',
    async (clientCertificates) => {
      const started = await startReceiver({ tls: { ...SERVER_FILES, ca, clientCertificates } });
      const client = await openTlsClient(started.port, certificateOf('foreign-clients'));
      client.write('one\n');
      await until(() => client.destroyed);
      expect([started.intake.texts, refusedOf(started)]).toEqual([[], { bad_client_certificate: 1 }]);
    },
  );

  it('hears a client without a certificate where one is only requested', async () => {
    const tls = { ...SERVER_FILES, ca, clientCertificates: 'request' };
    const { intake, port } = await startReceiver({ tls });
    (await openTlsClient(port)).write('one\n');
    (await openTlsClient(port, certificateOf('clients'))).write('two\n');
    await until(() => intake.messages.length === 2);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('never resumes a session (%s)', async (version) => {
    const { receiver, intake, port } = await startReceiver({ tls: SERVER_FILES });
    const options = { minVersion: version, maxVersion: version };
    const first = await openTlsClient(port, options);
    let session = first.getSession();
    first.on('session', (ticket) => {
      session = ticket;
    });
    first.write('one\n');
    await until(() => intake.messages.length === 1);
    first.end();
    await until(() => receiver.stats()['connections'] === 0);
    const second = await openTlsClient(port, { ...options, ...(session === undefined ? {} : { session }) });
    expect(second.isSessionReused()).toBe(false);
  });

  it('cuts gibberish, counts it, and hears the others', async () => {
    const { log, lines } = recordingLog();
    const started = await startReceiver({ tls: SERVER_FILES }, log);
    const [plain, http] = [await openClient(started.port), await openClient(started.port)];
    plain.write('/qseow-proxy-session/;node1;Start session;LAB;anna\n');
    http.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => plain.destroyed && http.destroyed);
    expect(refusedOf(started)).toEqual({ tls_failed: 2 });
    (await openTlsClient(started.port)).write('one\n');
    await until(() => started.intake.messages.length === 1);
    expect(lines.map(({ fields }) => fields)).toEqual([
      {
        kind: 'tcp: connection refused, tls_failed',
        means: 'the other side speaks no TLS, or does not trust the certificate',
        sample: expect.stringMatching(/^127\.0\.0\.1: ./),
      },
    ]);
  });

  it('cuts a handshake that is never finished, and counts one that is given up', async () => {
    const started = await startReceiver({ tls: { ...SERVER_FILES, handshakeTimeout: '100ms' } });
    const silent = await openClient(started.port);
    await gone(silent);
    expect(refusedOf(started)).toEqual({ tls_too_slow: 1 });
    // The first bytes of a handshake, and no more.
    const halfway = await openClient(started.port);
    halfway.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    await gone(halfway);
    expect(refusedOf(started)).toEqual({ tls_too_slow: 2 });
    const patient = await startReceiver({ tls: SERVER_FILES });
    (await openClient(patient.port)).end();
    await until(() => patient.receiver.stats()['refusedConnections'] === 1);
    expect(refusedOf(patient)).toEqual({ tls_unfinished: 1 });
  });

  it('refuses who is not allowed before any handshake', async () => {
    const started = await startReceiver({ tls: SERVER_FILES, allow: ['192.0.2.1'] });
    const client = closedAfterwards(connect({ port: started.port, host: '127.0.0.1', ...TRUSTING }));
    await until(() => client.destroyed);
    expect(refusedOf(started)).toEqual({ not_allowed: 1 });
  });

  it('stops in the middle of a handshake', async () => {
    const { receiver, port } = await startReceiver({ tls: SERVER_FILES });
    const halfway = await openClient(port);
    halfway.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    await receiver.stop();
    await until(() => halfway.destroyed);
  });

  it('makes clients wait while the journal is behind, and loses nothing', async () => {
    const { receiver, intake, port } = await startReceiver({ tls: SERVER_FILES, framing: 'octet-counting' });
    const clients = [await openTlsClient(port), await openTlsClient(port)];
    await until(() => receiver.stats()['connections'] === 2);
    intake.behind = true;
    const stream = Array.from({ length: 30_000 }, (_, n) => {
      const line = `${n} ${'x'.repeat(120)}`;
      return `${line.length} ${line}`;
    }).join('');
    for (const client of clients) client.end(stream);
    await until(() => receiver.stats()['waiting'] === true);
    expect(intake.messages.length).toBeLessThan(1000);
    intake.catchUp();
    await until(() => intake.messages.length === 60_000 && receiver.stats()['connections'] === 0);
    expect(intake.refused).toEqual([]);
  });
});
