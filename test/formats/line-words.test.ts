import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, type ParsedLine, parseLine, wordsOf } from '../../src/formats/index.ts';
import { ARRIVAL, lineCases, readMessages } from './line-cases.ts';

const lines = lineCases().flatMap((name) =>
  readMessages(name)
    .map(({ text, base64 = '' }) => text ?? decodeMessage(Buffer.from(base64, 'base64')))
    .filter((text) => text !== null),
);

function parsed(text: string): ParsedLine | null {
  const line = parseLine(text, ARRIVAL);
  return typeof line === 'string' ? null : line;
}

/** What was between the separators, put together again. */
function expectWhole(line: ParsedLine): void {
  const words = wordsOf(line);
  if (words === null) throw new Error(line.line);
  const { prefix, host, command, directory, userId, origin, context, message } = words;
  const butler = [prefix, host, command, directory, userId, origin, context, message].join(';');
  const tail = [directory, userId, context, message].join(';');
  // A line may end before its last fields, and the form of 2016 has no prefix.
  if (line.bodyAt === 0) expect(line.line).toBe([host, command, directory, userId].join(';'));
  else if (line.layout === 'own') expect(`${line.line};`).toContain(`;${host};${command};`);
  else expect([butler, butler.slice(0, -1)]).toContain(line.line);
  if (line.layout === 'own')
    expect([tail, tail.slice(0, -1)].some((text) => line.line.endsWith(text))).toBe(true);
  expect(userId.trim() === (line.user?.id ?? '').trim() || line.user === null).toBe(true);
  if (line.origin !== null) expect(origin).toBe(line.origin);
}

describe('the words of a line', () => {
  it('are all that stood between its separators, where a semicolon has shifted them too', () => {
    const told = lines.flatMap((text) => parsed(text) ?? []).filter(({ layout }) => layout !== null);
    expect(told.length).toBeGreaterThan(100);
    for (const line of told) expectWhole(line);
  });

  it('are whole whatever stands in the fields', () => {
    const field = fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[;\p{Cc}]/gu, ' '));
    const parts = fc.tuple(field, field, field, field, fc.string({ maxLength: 40 }));
    fc.assert(
      fc.property(parts, ([directory, id, origin, context, message]) => {
        const text = `/qseow-proxy-session/;PRO2;Start session;${directory};${id};${origin};${context};${message}x`;
        const line = parsed(text);
        if (line?.bodyAt !== undefined && line.layout !== null) expectWhole(line);
      }),
    );
  });

  it('take nothing for null and cut nothing', () => {
    const message = `Start session for user 'LAB\\anna' ${'m'.repeat(10_000)}`;
    const line = parsed(
      `/QSEOW-Proxy-Session/;PRO2-WIN1.acme.com;Start session;LAB;anna;Not available;(null);${message}`,
    );
    expect(line && wordsOf(line)).toEqual({
      prefix: '/QSEOW-Proxy-Session/',
      host: 'PRO2-WIN1.acme.com',
      command: 'Start session',
      directory: 'LAB',
      userId: 'anna',
      origin: 'Not available',
      context: '(null)',
      message,
    });
  });

  it('are there in neither a rejection nor what no line told of', () => {
    const rejection = lines
      .flatMap((text) => parsed(text) ?? [])
      .find(({ kind }) => kind === 'session_rejected');
    expect(rejection && wordsOf(rejection)).toBeNull();
    const { line: _, bodyAt: __, ...event } = parsed('node1;Start session;LAB;anna') as ParsedLine;
    expect(wordsOf(event)).toBeNull();
  });
});
