import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLog, until } from '../receivers-under-test.ts';
import { certificateOf, openTlsClient, pem, pemFile } from './tls-under-test.ts';
import { startReceiver } from './under-test.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-tls-'));
  install('localhost');
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = () => ({ cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });

function install(from: 'localhost' | 'renewed', parts: readonly ('cert' | 'key')[] = ['cert', 'key']): void {
  if (parts.includes('cert')) copyFileSync(pemFile(from, 'certificate'), files().cert);
  if (parts.includes('key')) copyFileSync(pemFile(from, 'key'), files().key);
}

/** Which certificate the receiver shows. */
async function shown(port: number): Promise<'localhost' | 'renewed' | undefined> {
  const client = await openTlsClient(port);
  const text = client.getPeerX509Certificate()?.toString().trim();
  client.destroy();
  return (['localhost', 'renewed'] as const).find((name) => pem(name, 'certificate').trim() === text);
}

describe('a renewed TLS certificate', () => {
  it('is taken without a restart, and open connections go on', async () => {
    const { receiver, intake, port } = await startReceiver({ tls: files() });
    const client = await openTlsClient(port);
    client.write('one\n');
    await until(() => intake.messages.length === 1);
    expect(await shown(port)).toBe('localhost');
    install('renewed');
    await receiver.lookAgain();
    expect(await shown(port)).toBe('renewed');
    client.write('two\n');
    await until(() => intake.messages.length === 2);
  });

  it('is noticed without being told', async () => {
    const { log, lines } = recordingLog();
    const { port } = await startReceiver({ tls: files() }, log, 5);
    install('renewed');
    await until(() => lines.some(({ message }) => message === 'TLS certificate renewed'));
    expect(await shown(port)).toBe('renewed');
  });

  it('is not taken while it is broken: the old one stays, and the log says why, once', async () => {
    const { log, lines } = recordingLog();
    const { receiver, port } = await startReceiver({ tls: files() }, log);
    // Only one of the two is written yet.
    install('renewed', ['cert']);
    await receiver.lookAgain();
    await receiver.lookAgain();
    expect(await shown(port)).toBe('localhost');
    expect(lines).toMatchObject([
      { level: 'warn', message: 'TLS certificate not renewed, the old one stays in use' },
    ]);
    expect(JSON.stringify(receiver.stats()['tls'])).toContain('key values mismatch');
    install('renewed', ['key']);
    await receiver.lookAgain();
    expect(await shown(port)).toBe('renewed');
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'TLS certificate renewed' });
    expect(receiver.stats()['tls']).toMatchObject({ trouble: null });
  });

  it.each([
    ['empty', () => writeFileSync(files().cert, '')],
    ['gone', () => renameSync(files().cert, `${files().cert}.old`)],
    ['half written', () => writeFileSync(files().cert, pem('renewed', 'certificate').slice(0, 300))],
  ])('is not taken while its file is %s', async (_what, spoil) => {
    const { receiver, port } = await startReceiver({ tls: files() });
    spoil();
    await receiver.lookAgain();
    expect(await shown(port)).toBe('localhost');
    expect(receiver.stats()['tls']).toMatchObject({ trouble: expect.stringContaining('tls.cert') });
  });

  it('of the authority of clients counts for the next connection', async () => {
    const ca = join(folder, 'ca.pem');
    copyFileSync(pemFile('foreign-clients', 'ca'), ca);
    const tls = { ...files(), ca, clientCertificates: 'require' };
    const { receiver, intake, port } = await startReceiver({ tls });
    const early = await openTlsClient(port, certificateOf('clients'));
    await until(() => early.destroyed);
    copyFileSync(pemFile('clients', 'ca'), ca);
    await receiver.lookAgain();
    (await openTlsClient(port, certificateOf('clients'))).write('one\n');
    await until(() => intake.messages.length === 1);
    const late = await openTlsClient(port, certificateOf('foreign-clients'));
    await until(() => late.destroyed);
    expect(receiver.stats()['refused']).toEqual({ bad_client_certificate: 2 });
  });
});
