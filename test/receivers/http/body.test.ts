import { type AddressInfo, connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { jsonItems, lineItems } from '../../../receivers/http/body.ts';
import { API_LIMITS } from '../../../src/api/api.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const MIB = 1_048_576;
const TOO_DEEP = 'not JSON: nested more than 16 deep';

describe('a body that would take the parser long', () => {
  test.each([
    ['[', MIB],
    ['{"a":', MIB / 5],
    ['[{"a":', MIB / 6],
    ['[{},', MIB / 4],
  ])('of %j again and again is refused without parsing it', (piece, times) => {
    expect(() => jsonItems(piece.repeat(times))).toThrow(TOO_DEEP);
  });

  test('is refused in the line where it is', async () => {
    const lines = ['7', '['.repeat(17), `[${'[]'.repeat(17)}`, '8', '1'.repeat(MIB + 1)];
    expect(await lineItems(lines.join('\n'))).toEqual([
      { value: 7 },
      { problem: TOO_DEEP },
      { problem: 'not JSON' },
      { value: 8 },
      { problem: 'a line of more than 1 MiB' },
    ]);
  });

  test('is only what is nested: brackets in a text are none', () => {
    const text = `${'[{'.repeat(100)}\\"${'[{'.repeat(100)}\\\\`;
    const value = { text: JSON.parse(`"${text}"`) };
    expect(jsonItems(`{"text":"${text}"}`)).toEqual([{ value }]);
    expect(jsonItems(`[${JSON.stringify(value)}]`)).toEqual([{ value }]);
    expect(jsonItems(`${'['.repeat(16)}${']'.repeat(16)}`)).toHaveLength(1);
    expect(jsonItems(`[${'[[]],'.repeat(100)}7]`)).toHaveLength(101);
  });
});

test.each([
  ['events', '{"type":"heartbeat","context":"xxxxxxxxxxxxxxxxxxxxxxxx"}\n', 9_999],
  ['broken lines', `{"type":${' '.repeat(400)}\n`, 9_999],
  ['blank lines', '\n', 4 * MIB],
])('while %s are read others have their turn', async (_what, line, times) => {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const text = line.repeat(times);
  await lineItems(text);
  done = true;
  expect(turns).toBeGreaterThanOrEqual(Math.floor(text.length / 131_072 / 2));
});

describe('a sender that is slow', () => {
  const LIMITS = { ...API_LIMITS, requestTimeoutMs: 200 };
  const HEAD = 'POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

  test.each([
    ['its headers', 'POST /api/v1/events HTTP/1.1\r\nx-slow: '],
    ['its body', `${HEAD}content-length: 1000\r\n\r\n[`],
    ['chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n[\r\n`],
  ])('with %s is cut off, and told so', async (_what, beginning) => {
    const api = await new ApiUnderTest({ limits: LIMITS }).start();
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.write(beginning);
    // Always a little more, never all of it.
    const dripping = setInterval(() => socket.write(beginning.includes('chunked') ? '1\r\n \r\n' : ' '), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(dripping);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('x-content-type-options: nosniff\r\n');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      statusCode: 408,
      error: 'Request Timeout',
      message: 'the request took too long to come in',
    });
    expect((await api.get('/healthz')).statusCode).toBe(200);
    await api.stop();
  });
});

test('what is no HTTP at all is told so in the form of every error', async () => {
  const api = await new ApiUnderTest().start();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  for (const [said, statusCode] of [
    ['/qseow-proxy-session/;node1;Start session;LAB;anna\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.end(said);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ statusCode });
    expect(answer).toContain("content-security-policy: default-src 'none'");
  }
  await api.stop();
});
