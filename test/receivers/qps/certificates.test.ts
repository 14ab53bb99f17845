import { describe, expect, it } from 'vitest';
import { ExpiryReminder, examineCertificates, expiryNotes } from '../../../receivers/qps/certificates.ts';
import { readTlsFiles } from '../../../receivers/tls-files.ts';
import { senseFile } from './stand-in.ts';
import { CERTIFICATES, START, startPolls, startStandIn } from './under-test.ts';

const DAY = 86_400_000;
/** Of client and root alike. */
const END = Date.parse('2120-01-01T00:00:00Z');
const files = await readTlsFiles('certificates', CERTIFICATES);
const notesAt = (now: number) => expiryNotes(CERTIFICATES, files, now);

describe('the end of a certificate', () => {
  it('is said from 30 days before, of the client and of the root', () => {
    expect(notesAt(END - 31 * DAY)).toEqual([]);
    expect(notesAt(END - 29.5 * DAY)).toEqual(
      (['cert', 'ca'] as const).map((key) => ({
        isProblem: false,
        key,
        text:
          `certificates.${key} ${CERTIFICATES[key]}: expires in 29 days, on 2120-01-01T00:00:00.000Z; ` +
          'export the certificates from the QMC once more',
      })),
    );
    expect(notesAt(END - DAY)[0]?.text).toContain('expires in 1 day,');
    expect(notesAt(END - 1)[0]?.text).toContain('expires in less than a day,');
  });

  it('that has passed is an error, as is a beginning still to come', () => {
    expect(notesAt(END + 1)[0]).toMatchObject({
      isProblem: true,
      text: expect.stringContaining(': expired on 2120'),
    });
    expect(notesAt(Date.parse('2019-12-31T00:00:00Z'))[1]).toMatchObject({
      isProblem: true,
      key: 'ca',
      text: expect.stringContaining('not valid before 2020-01-01T00:00:00.000Z'),
    });
  });

  it('is said once a day, and at once when it has come', () => {
    const reminder = new ExpiryReminder();
    const said = (now: number) => reminder.due(notesAt(now), now).map(({ isProblem }) => isProblem);
    expect(said(END - 2 * DAY)).toEqual([false, false]);
    expect(said(END - 2 * DAY + 60_000)).toEqual([]);
    expect(said(END - DAY)).toEqual([false, false]);
    expect(said(END + 1)).toEqual([true, true]);
    expect(said(END + 60_000)).toEqual([]);
  });

  it('is looked at again with the files, as the receiver does each minute', async () => {
    const standIn = await startStandIn();
    const { receiver, world, lines } = await startPolls({ port: standIn.port });
    const said = () => lines.filter(({ message }) => message.includes('expires in')).length;
    await receiver.lookAgain();
    expect(said()).toBe(0);
    world.now = END - DAY;
    await receiver.lookAgain();
    await receiver.lookAgain();
    expect(said()).toBe(2);
  });
});

describe('looking through the certificates', () => {
  it.each([
    [
      'a file that is not there',
      'cert',
      'gone.pem',
      /^cannot read certificates\.cert: ENOENT: no such file.*gone\.pem/,
    ],
    ['a folder', 'ca', '.', /^cannot read certificates\.ca: EISDIR/],
    [
      'something else',
      'ca',
      senseFile('client_key'),
      /^certificates\.ca: .*client_key\.pem has no certificate in PEM$/,
    ],
    [
      'a key of another certificate',
      'key',
      senseFile('server_key'),
      /^certificates\.cert .* with certificates\.key .*key values mismatch$/,
    ],
    [
      'an encrypted key',
      'key',
      senseFile('encrypted_key'),
      /^certificates\.key: .* is encrypted; export it without a password, or decrypt/,
    ],
  ] as const)('finds %s', async (_what, key, file, text) => {
    expect(await examineCertificates({ ...CERTIFICATES, [key]: file }, START)).toEqual([
      { isProblem: true, key, text: expect.stringMatching(text) },
    ]);
  });

  it('finds everything at once, and nothing where all is well', async () => {
    const gone = { cert: 'a.pem', key: 'b.pem', ca: 'c.pem' };
    expect((await examineCertificates(gone, START)).map(({ key }) => key)).toEqual(['cert', 'key', 'ca']);
    const expired = {
      ...CERTIFICATES,
      cert: senseFile('expired-client'),
      key: senseFile('expired-client_key'),
    };
    expect(await examineCertificates(expired, START)).toMatchObject([{ isProblem: true, key: 'cert' }]);
    expect(await examineCertificates(CERTIFICATES, START)).toEqual([]);
  });
});
