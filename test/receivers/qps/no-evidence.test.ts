import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { type Fault, row } from './stand-in.ts';
import { CERTIFICATES, START, startPolls, startStandIn } from './under-test.ts';

const ROWS = [row('anna'), row('bert')];
const text = JSON.stringify(ROWS);

/** What each fault is called, and the plain words for it. */
const FAULTS: readonly [name: string, fault: Fault, reason: string, words: RegExp][] = [
  ['nothing at all', 'hang', 'timeout', /^no whole answer in time \(a connection, but no answer\)$/],
  ['bytes that never end', 'slow', 'timeout', /^no whole answer in time \(.*\)$/],
  ['a reset', 'reset', 'closed', /^it closed the connection without an answer/],
  ['400', { status: 400 }, 'unknown_virtual_proxy', /^it knows no such virtual proxy \(status 400\)$/],
  ['401', { status: 401 }, 'refused', /^it refused the request \(status 401\)$/],
  ['403', { status: 403 }, 'refused', /^it refused the request \(status 403\)$/],
  ['404', { status: 404 }, 'unknown_virtual_proxy', /^it knows no such virtual proxy \(status 404\)$/],
  ['429', { status: 429 }, 'unexpected_status', /^an unexpected status \(status 429\)$/],
  ['500', { status: 500 }, 'server_error', /^it failed on its side \(status 500\)$/],
  ['503', { status: 503 }, 'server_error', /^it failed on its side \(status 503\)$/],
  ['a redirect', 'redirect', 'redirect', /^it redirects to another place \(status 302\)$/],
  ['an empty answer', 'empty', 'empty', /^its answer was empty$/],
  ['half of the JSON', 'half', 'cut_off', /^its answer ended in the middle$/],
  ['an answer that is cut', 'cut', 'cut_off', /^its answer ended in the middle \(aborted\)$/],
  ['no JSON', { body: 'hello' }, 'not_json', /^its answer is no JSON$/],
  ['more after the list', { body: `${text}]` }, 'not_json', /^its answer is no JSON$/],
  ['a map', { body: '{"sessions":[]}' }, 'not_a_list', /^its answer is no list of sessions$/],
  ['null', { body: 'null' }, 'not_a_list', /^its answer is no list of sessions$/],
  ['a web page', { body: '<!DOCTYPE html><html></html>' }, 'html', /^it answered with a web page$/],
  ['a list of texts', { body: '["anna"]' }, 'bad_row', /^its answer has an item that is no session$/],
  [
    'a row without a session id',
    { body: JSON.stringify([...ROWS, { UserDirectory: 'LAB', UserId: 'carl' }]) },
    'bad_row',
    /no session$/,
  ],
  [
    'a row without a user',
    { body: JSON.stringify([{ SessionId: 'x', UserDirectory: 'LAB' }, ...ROWS]) },
    'bad_row',
    /no session$/,
  ],
  [
    'a row with a number as id',
    { body: JSON.stringify([row('anna', 7 as never)]) },
    'bad_row',
    /no session$/,
  ],
  [
    'text that is no UTF-8',
    { body: Buffer.from(text.replace('anna', 'j\u00f8rn'), 'latin1') },
    'bad_text',
    /^its answer is not in UTF-8$/,
  ],
];

describe('a poll that is no evidence', () => {
  it.each(FAULTS)('is one that is answered with %s', async (_name, fault, reason, words) => {
    const standIn = await startStandIn();
    standIn.faults.set('*', fault);
    const { intake, receiver, world, lines } = await startPolls({ port: standIn.port });
    await until(() => standIn.paths.length === 1);
    if (reason === 'timeout') world.pass(5_000);
    await until(() => world.pauses.length === 1);
    expect(intake.snapshots).toEqual([]);
    expect(intake.failures).toEqual([
      {
        host: 'sense1',
        virtualProxy: '/',
        at: START,
        durationMs: world.now - START,
        error: expect.stringMatching(words),
      },
    ]);
    expect(receiver.stats().polls).toMatchObject([{ ok: false, sessions: null, polls: 1, failed: 1 }]);
    expect(lines).toMatchObject([{ level: 'warn', message: `qps: poll of sense1 / failed, ${reason}` }]);
  });

  it.each([
    ['of another authority', 'foreign-server', 'foreign_certificate'],
    ['that has expired', 'expired-server', 'expired_certificate'],
  ])('is one of a server with a certificate %s, who is told nothing', async (_what, certificate, reason) => {
    const standIn = await startStandIn(certificate);
    const { intake, lines } = await startPolls({ port: standIn.port });
    await until(() => intake.failures.length === 1);
    expect(lines).toMatchObject([{ message: `qps: poll of sense1 / failed, ${reason}` }]);
    expect(standIn.paths).toEqual([]);
  });

  it('is one of a server whose certificate is for another name', async () => {
    const standIn = await startStandIn();
    const { intake, lines } = await startPolls({ port: standIn.port, servername: 'sense2' });
    await until(() => intake.failures.length === 1);
    expect(lines).toMatchObject([
      {
        message: 'qps: poll of sense1 / failed, wrong_name',
        fields: { sample: expect.stringContaining('set "servername" of the server to that name') },
      },
    ]);
  });

  it.each(['foreign-client', 'expired-client'])(
    'is one with a client certificate that is refused (%s)',
    async (client) => {
      const standIn = await startStandIn();
      const cert = CERTIFICATES.cert.replace('client', client);
      const key = CERTIFICATES.key.replace('client_key', `${client}_key`);
      const certificates = { ...CERTIFICATES, cert, key };
      const { intake, lines } = await startPolls({ port: standIn.port }, { certificates });
      await until(() => intake.failures.length === 1);
      expect(standIn.paths).toEqual([]);
      expect(lines.at(-1)).toMatchObject({ message: 'qps: poll of sense1 / failed, closed' });
    },
  );

  it('is one without certificates; none of the virtual proxies is asked then', async () => {
    const standIn = await startStandIn();
    const certificates = { ...CERTIFICATES, cert: 'gone.pem' };
    const settings = { port: standIn.port, virtualProxies: ['/', '/sales'] };
    const { intake, receiver, lines } = await startPolls(settings, { certificates });
    await until(() => intake.failures.length === 2);
    expect(lines.map(({ message }) => message)).toEqual([
      'TLS files cannot be used',
      'qps: poll of sense1 / failed, certificates',
      'qps: poll of sense1 /sales failed, certificates',
    ]);
    expect(receiver.stats()['tls']).toMatchObject({
      validTo: null,
      trouble: expect.stringContaining('gone.pem'),
    });
    expect(standIn.connections).toBe(0);
  });

  it('leaves the other virtual proxies of its server alone', async () => {
    const standIn = await startStandIn();
    standIn.faults.set('sales', 'hang');
    standIn.sessions.set('hdr', ROWS);
    const virtualProxies = ['/', '/sales', '/hdr'];
    const { intake, world } = await startPolls({ port: standIn.port, virtualProxies });
    await until(() => standIn.paths.length === 2);
    world.pass(5_000);
    await until(() => intake.answered === 3);
    expect(intake.snapshots.map(({ virtualProxy }) => virtualProxy)).toEqual(['/', '/hdr']);
    expect(intake.failures.map(({ virtualProxy }) => virtualProxy)).toEqual(['/sales']);
  });
});

describe('a poll with an answer that only looks odd', () => {
  const lower = ROWS.map((each) =>
    Object.fromEntries(Object.entries(each).map(([k, v]) => [k.toLowerCase(), v])),
  );
  const upper = ROWS.map((each) =>
    Object.fromEntries(Object.entries(each).map(([k, v]) => [k.toUpperCase(), v])),
  );
  const more = ROWS.map((each) => ({
    ...each,
    UserName: null,
    New: true,
    $type: 'X',
    Attributes: [{}, { a: [1] }],
  }));

  it.each<[string, string | Buffer, string[]]>([
    ['an empty list', '[]', []],
    ['an empty list among blanks', ' \r\n[ \t]\n', []],
    ['names of fields in lower case', JSON.stringify(lower), ['anna', 'bert']],
    ['names of fields in upper case', JSON.stringify(upper), ['anna', 'bert']],
    ['further fields', JSON.stringify(more), ['anna', 'bert']],
    ['a byte order mark', Buffer.from(`\ufeff${text}`), ['anna', 'bert']],
    ['the same session twice', JSON.stringify([...ROWS, ...ROWS]), ['anna', 'bert']],
    ['text in UTF-8', JSON.stringify([row('j\u00f8rn \ud83d\ude00')]), ['j\u00f8rn \ud83d\ude00']],
  ])('is a snapshot: %s', async (_name, body, users) => {
    const standIn = await startStandIn();
    standIn.faults.set('*', { body });
    const { intake } = await startPolls({ port: standIn.port });
    await until(() => intake.answered === 1);
    expect(intake.snapshots[0]?.sessions.map(({ user }) => user?.id)).toEqual(users);
  });
});
