import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FORMATS,
  type ParsedLine,
  parseLine,
  REFUSALS,
  type Refusal,
  readUnit,
} from '../../src/formats/index.ts';
import { ARRIVAL, lineCases, parseMessage, readMessages } from './line-cases.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2_000);

/** Lines that begin with a prefix, hold no newline, and in which no other prefix is: what is right needs no thinking. */
const clearLines = lineCases()
  .flatMap((name) => readMessages(name))
  .flatMap(({ text = '' }) =>
    /^[^\p{Cc}#]*$/u.test(text) && !/.\/(qseow|headcount|proxy)/.test(text) ? [text] : [],
  )
  .filter((text) => FORMATS.some(({ prefix }) => text.startsWith(`${prefix};`)))
  .filter((text) => typeof parseLine(text, ARRIVAL) !== 'string');

function linesOf(text: string): { line: ParsedLine | Refusal; text: string }[] {
  const lines: { line: ParsedLine | Refusal; text: string }[] = [];
  expect(readUnit(text, ARRIVAL, (line, of) => lines.push({ line, text: of }))).toBe(lines.length);
  return lines;
}

describe('a unit of the transport', () => {
  it('is its lines one by one, whatever control characters are between and around them', () => {
    expect(clearLines.length).toBeGreaterThan(50);
    const separator = fc.array(fc.constantFrom('\n', '\r\n', '\0', '\r', '\x1e'), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...clearLines), { minLength: 1, maxLength: 5 }),
        separator,
        fc.constantFrom('', '<13>Nov 27 10:00:00 node1 sense: '),
        fc.boolean(),
        (lines, separators, header, isEnded) => {
          const end = separators.join('');
          const text = lines.map((line) => header + line).join(end) + (isEnded ? end : '');
          expect(linesOf(text).map(({ line }) => line)).toEqual(
            lines.map((line) => parseLine(header + line, ARRIVAL)),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('has one event, and a refusal for each further line, where nothing or an escape is between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...clearLines), { minLength: 2, maxLength: 5 }),
        fc.constantFrom('', '#012', '#015#012', '#000'),
        (lines, glue) => {
          const [first, ...others] = linesOf(lines.join(glue));
          expect(first?.line).toEqual(parseLine(lines[0] ?? '', ARRIVAL));
          expect(others.map(({ line }) => line)).toEqual(lines.slice(1).map(() => 'glued_line'));
          expect(others.map(({ text }) => text)).toEqual(lines.slice(1).map((line) => glue + line));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('is at least one event with sane fields or one refusal, whatever it is, and in its events is no second line', () => {
    const pieces = fc.constantFrom(
      ...clearLines,
      '\n',
      '\0',
      '#012',
      '<13>x: ',
      ' ',
      "'",
      ';',
      'node1;Start session;LAB;a',
      '{"',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 12 }), (parts) => {
        const lines = linesOf(parts.join(''));
        expect(lines.length).toBeGreaterThan(0);
        for (const { line } of lines) {
          if (typeof line === 'string') expect(REFUSALS).toContain(line);
          else {
            const fields = [
              line.message,
              line.userAgent,
              line.context,
              line.user?.id,
              line.user?.directory,
              line.origin,
            ];
            for (const field of fields)
              expect(field ?? '').not.toMatch(/\/(qseow-proxy-session\/|headcount\/2);/);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('of one ordinary line is that line, and says so without a look at the rest', () => {
    const plain = lineCases()
      .flatMap((name) => readMessages(name).map(parseMessage))
      .filter((line) => typeof line !== 'string' && line.isPlain) as ParsedLine[];
    expect(plain.length).toBeGreaterThan(500);
    for (const line of plain) {
      expect(line.message).toBeNull();
      expect(linesOf(line.line).map((each) => each.line)).toHaveLength(1);
    }
  });

  it('of 64 kB that is hostile costs milliseconds, not seconds', () => {
    const fill = (text: string) => text.repeat(65_000 / text.length);
    const hostile = [
      fill('/headcount/2;'),
      fill('/headcount/2;\n'),
      fill('/qseow-proxy-session/;#012'),
      fill('a\n'),
      fill('#01'),
      fill('/'),
      fill(';'),
      fill('/a;'),
      fill('a;Start session;b;c\n'),
      `a;Start session;b;c${fill('#012')}`,
      `/qseow-proxy-session/;a;Start session;b;c;;;${fill('#012x/headcount/2;')}`,
    ];
    for (const text of hostile) {
      const started = performance.now();
      linesOf(text);
      expect(performance.now() - started, JSON.stringify(text.slice(0, 80))).toBeLessThan(500);
    }
  });
});
