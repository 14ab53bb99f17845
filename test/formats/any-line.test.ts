import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KINDS } from '../../src/contract/event.ts';
import {
  decodeMessage,
  type ParsedLine,
  parseLine,
  REFUSALS,
  type Refusal,
} from '../../src/formats/index.ts';
import { ARRIVAL, lineCases, readMessages } from './line-cases.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 5_000);
const WEEK_MS = 7 * 86_400_000;

const goodLines = lineCases().flatMap((name) =>
  readMessages(name)
    .map((message) => message.text ?? Buffer.from(message.base64 ?? '', 'base64').toString('utf8'))
    .filter((text) => text.length < 2_000),
);
// biome-ignore format: a list of tokens reads better packed
const pieces = [
  ';', ';;', "'", "';", '\\', '\r\n', '\0', '(null)', 'Not available', 'AppAccess', '/app/', '/hub', '<14>x: ',
  'Start session', "Start session for user '", "connection Opened for session '", "UserAgent: '", '/headcount/2;',
  '/qseow-proxy-session/;', '/qseow-repository/;', 'UsageDenied', "User: 'A\\b',", '403', '\u0130', '\ud83d',
];

function isNullLike(text: string): boolean {
  return ['', '(null)', 'Not available'].includes(text.trim());
}

function expectSane(event: ParsedLine): void {
  expect(KINDS).toContain(event.kind);
  expect(event.reason === null).toBe(event.kind !== 'session_rejected');
  expect(event.receivedAt).toBe(ARRIVAL.receivedAt);
  expect(event.at).toBeGreaterThanOrEqual(ARRIVAL.receivedAt - WEEK_MS);
  expect(event.at).toBeLessThanOrEqual(ARRIVAL.receivedAt + 600_000);
  expect(event.timed || event.at === ARRIVAL.receivedAt).toBe(true);
  expect(event.host).not.toBe('');
  expect(event.host.length).toBeLessThanOrEqual(1024);
  expect(event.eventId ?? event.virtualProxy).toBeNull();
  expect(event.rowNumber === null || Number.isSafeInteger(event.rowNumber)).toBe(true);
  expect(event.result === null || Number.isSafeInteger(event.result)).toBe(true);
  expect(event.appId ?? '').toMatch(/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/);
  const texts: [string | null | undefined, number][] = [
    [event.user?.directory, 1024],
    [event.user?.id, 1024],
    [event.origin, 1024],
    [event.sessionKey, 1024],
    [event.context, 2048],
    [event.userAgent, 1024],
    [event.message, 4096],
  ];
  for (const [text, max] of texts) {
    if (text === null || text === undefined) continue;
    expect(isNullLike(text)).toBe(false);
    expect(text.length).toBeLessThanOrEqual(max);
  }
  expect(event.bodyAt).toBeLessThanOrEqual(event.line.length);
}

function expectSaneResult(result: ParsedLine | Refusal): void {
  if (typeof result === 'string') expect(REFUSALS).toContain(result);
  else expectSane(result);
}

it('any string is an event with sane fields or is refused by a known reason', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 12 })), { maxLength: 40 })
      .map((parts) => parts.join('')),
    fc
      .tuple(
        fc.constantFrom(
          '/qseow-proxy-session/',
          '/headcount/2',
          '/qseow-repository/',
          '<14>x: /proxy-session/',
        ),
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 12 })), { maxLength: 24 }),
      )
      .map(([prefix, fields]) => [prefix, ...fields].join(';')),
  );
  fc.assert(
    fc.property(anything, (text) => expectSaneResult(parseLine(text, ARRIVAL))),
    { numRuns: RUNS },
  );
});

it('a good line that was cut, doubled or written into is an event with sane fields or is refused', () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(30),
    insert: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 8 })),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...goodLines),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (line, edits) => {
        let text = line;
        for (const { at, length, insert } of edits) {
          const from = Math.floor(at * text.length);
          text = text.slice(0, from) + insert + text.slice(from + length);
        }
        expectSaneResult(parseLine(text, ARRIVAL));
      },
    ),
    { numRuns: RUNS },
  );
});

it('any bytes are decoded, and what was UTF-8 comes out as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = decodeMessage(Buffer.from(bytes));
      if (text !== null) expectSaneResult(parseLine(text, ARRIVAL));
    }),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 4, maxLength: 200 }), (text) => {
      fc.pre(!text.includes('\0') && text.charCodeAt(0) !== 0xfeff);
      expect(decodeMessage(Buffer.from(text))).toBe(text);
    }),
    { numRuns: RUNS },
  );
});

it('a hostile line of 64 kB costs milliseconds, not seconds', () => {
  const hostile = [
    `/qseow-proxy-session/;h;Start session${';'.repeat(65_000)}`,
    `/qseow-proxy-session/;h;Start session;${"Start session for user 'a;".repeat(2_400)}`,
    `/qseow-proxy-connection/;h;Open connection;${'connection Opened for session;'.repeat(2_100)}`,
    `/qseow-proxy-connection/;h;Open connection;${'AppAccess;/x;'.repeat(4_900)}`,
    `/headcount/2;1;2;3;Login;403;6;7;8;9;10;${"User: 'User: '".repeat(4_600)}`,
    `Access was denied for User: ${"User: 'x".repeat(8_000)}`,
    `<165>1 - - - - - ${'[a b="'.repeat(10_000)}`,
    `/qseow-repository/${';1'.repeat(32_000)}`,
    `/qseow-proxy-session/;h;Start session;${'a\\'.repeat(500)};${`Start session for user '${'a\\'.repeat(500)};`.repeat(60)}`,
  ];
  for (const line of hostile) {
    const started = performance.now();
    for (let i = 0; i < 10; i++) expectSaneResult(parseLine(line, ARRIVAL));
    expect((performance.now() - started) / 10, line.slice(0, 80)).toBeLessThan(50);
  }
});
