import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NeedsOperatorError, type Sink } from '../../../src/contract/sink.ts';
import { answer, FarSide } from '../far-side.ts';
import { batchOf, eventRow, NEVER } from '../rows-under-test.ts';
import { questDbSink, startedSink } from './under-test.ts';

const BATCH = batchOf('session_events', eventRow(1));
const PEM = resolve(import.meta.dirname, '../../cases/tls-localhost');

const used: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of used.splice(0).reverse()) await end();
});

async function farSide(options?: Parameters<typeof FarSide.listen>[0]): Promise<FarSide> {
  const far = await FarSide.listen(options);
  used.push(() => far.close());
  return far;
}

async function started(settings: Readonly<Record<string, unknown>>): Promise<Sink> {
  const sink = await startedSink(settings);
  used.push(() => sink.stop());
  return sink;
}

async function errorOf(work: Promise<void>): Promise<Error> {
  return work.then(
    () => new Error('none'),
    (error: Error) => error,
  );
}

/** One that the loop takes for a matter of time. */
function expectPlain(error: Error, message: string): void {
  expect([error.constructor.name, error.message]).toEqual(['Error', message]);
}

describe('a far side that is no QuestDB, or a broken one', () => {
  it('is away', async () => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    await far.close();
    // The first finds a connection that has just ended.
    await expect(sink.write(BATCH, NEVER)).rejects.toThrow(Error);
    const message = `nothing listens at ${far.url}: is QuestDB running?`;
    expectPlain(await errorOf(sink.write(BATCH, NEVER)), message);
    expectPlain(await errorOf(sink.start(NEVER)), message);
  });

  it('takes the connection and says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    used.push(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sink = questDbSink({ url });
    const error = await errorOf(sink.start(AbortSignal.timeout(50)));
    expectPlain(error, `${url} did not answer in time`);
    await sink.stop();
  });

  it('takes rows and never answers: the time-out of the sink ends it, too', async () => {
    const far = await farSide();
    const sink = await started({ url: far.url, timeout: '100ms' });
    far.onWrite = () => {};
    expectPlain(await errorOf(sink.write(BATCH, NEVER)), `${far.url} did not answer in time`);
  });

  it('takes rows and never answers: stop ends it', async () => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    const asked = new Promise<void>((resolve) => {
      far.onWrite = () => resolve();
    });
    const written = errorOf(sink.write(BATCH, NEVER));
    await asked;
    await sink.stop();
    expect((await written).message).toContain('broke off');
  });

  it.each([200, 400])('answers %i drop by drop', async (status) => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    far.onWrite = (response) => {
      response.writeHead(status);
      const drops = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drops));
    };
    const error = await errorOf(sink.write(BATCH, AbortSignal.timeout(200)));
    expectPlain(error, `${far.url} did not answer in time`);
  });

  it('answers without end', async () => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    const flood = (status: number) => (response: Parameters<typeof far.onWrite>[0]) => {
      const chunk = 'x'.repeat(65_536);
      response.writeHead(status);
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    };
    far.onWrite = flood(500);
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error.message).toBe(`${far.url} answers HTTP 500: ${'x'.repeat(500)}`);
    far.onQuery = (response) => {
      flood(200)(response);
      return true;
    };
    expect((await errorOf(sink.write(BATCH, NEVER))).message).toContain('answers something else');
  });

  it.each([
    '',
    'null',
    '[]',
    '<html>',
    '{"dataset":7}',
    '{"dataset":[7]}',
    '{"error":"half way"}',
    '{"dataset":',
  ])('answers a statement with %j', async (body) => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    far.onQuery = (response) => {
      answer(response, 200, body);
      return true;
    };
    const error = await errorOf(sink.write(BATCH, NEVER));
    expectPlain(error, `${far.url} answers something else than QuestDB does`);
    expect(far.written).toEqual([]);
  });

  it.each(['{}', '{"dataset":[]}', '{"dataset":[[]]}', '{"dataset":[[{},[],null]]}'])(
    'has no tables, whatever it is told: %s',
    async (body) => {
      const far = await farSide();
      const sink = await started({ url: far.url });
      far.onQuery = (response, sql) => {
        if (!sql.startsWith('SELECT')) return false;
        answer(response, 200, body);
        return true;
      };
      await expect(sink.write(BATCH, NEVER)).rejects.toThrow(Error);
      expect(far.written).toEqual([]);
    },
  );

  it('breaks off before it answers', async () => {
    const far = await farSide();
    const sink = await started({ url: far.url });
    far.onWrite = (response) => void response.destroy();
    expectPlain(await errorOf(sink.write(BATCH, NEVER)), `${far.url} broke off: other side closed`);
    far.onWrite = (response) => answer(response, 204);
    await sink.write(BATCH, NEVER);
  });

  it('refuses the credentials from the start', async () => {
    const far = await farSide();
    far.onQuery = (response) => {
      answer(response, 401, 'Unauthorized');
      return true;
    };
    await expect(started({ url: far.url })).rejects.toThrow(NeedsOperatorError);
  });

  it('gets the credentials with every request', async () => {
    const far = await farSide();
    const basic = await started({ url: far.url, user: 'änna', password: 'p:w' });
    await basic.write(BATCH, NEVER);
    const expected = `Basic ${Buffer.from('änna:p:w').toString('base64')}`;
    expect(new Set(far.requests.map(({ authorization }) => authorization))).toEqual(new Set([expected]));
    far.requests.length = 0;
    const bearer = await started({ url: far.url, token: 'qt1abc' });
    await bearer.write(BATCH, NEVER);
    expect(new Set(far.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer qt1abc']),
    );
  });

  it('is behind a path', async () => {
    const far = await farSide();
    const sink = await started({ url: `${far.url}/behind/` });
    await sink.write(BATCH, NEVER);
    expect(new Set(far.requests.map(({ path }) => path))).toEqual(new Set(['/behind/exec', '/behind/write']));
  });

  it('listens on an IPv6 address', async () => {
    const far = await farSide({ host: '::1' });
    const sink = await started({ url: `http://[::1]:${far.port}` });
    await sink.write(BATCH, NEVER);
    expect(far.written).toHaveLength(1);
  });
});

describe('TLS', () => {
  const tls = {
    key: readFileSync(join(PEM, 'key.pem'), 'utf8'),
    cert: readFileSync(join(PEM, 'certificate.pem'), 'utf8'),
  };

  it('trusts what tls.ca has', async () => {
    const { url, written } = await farSide({ tls });
    const sink = await started({ url, tls: { ca: join(PEM, 'certificate.pem') } });
    await sink.write(BATCH, NEVER);
    expect(written).toHaveLength(1);
  });

  it('refuses a certificate that nobody vouches for, unless verify is off', async () => {
    const { url, requests } = await farSide({ tls });
    const error = await errorOf(questDbSink({ url }).start(NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toBe(`the certificate of ${url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`);
    expect(requests).toEqual([]);
    await started({ url, tls: { verify: false } });
    expect(requests).not.toEqual([]);
  });

  it('reads tls.ca again with each start', async () => {
    const { url } = await farSide({ tls });
    const folder = mkdtempSync(join(tmpdir(), 'headcount-ca-'));
    used.push(() => rmSync(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    const sink = questDbSink({ url, tls: { ca } });
    const error = await errorOf(sink.start(NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('cannot read tls.ca');
    writeFileSync(ca, tls.cert);
    await sink.start(NEVER);
    await sink.stop();
  });

  it('that speaks plain HTTP is not believed', async () => {
    const { port } = await farSide();
    const error = await errorOf(questDbSink({ url: `https://127.0.0.1:${port}` }).start(NEVER));
    expect(error.message).toContain('broke off');
  });
});
