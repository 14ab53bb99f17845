import { expect, it } from 'vitest';
import { REFUSAL_WORDS } from '../src/contract/refusal-words.ts';
import { TroubleLog } from '../src/trouble-log.ts';

const UTF16 = REFUSAL_WORDS['utf16'];

it('a million of the same trouble are one line at once and one line a minute', () => {
  const lines: object[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  for (let n = 0; n < 1_000_000; n += 1) log.note('utf16', `sample ${n}`);
  log.flush();
  expect(lines).toEqual([
    { kind: 'utf16', means: UTF16, sample: 'sample 0' },
    { kind: 'utf16', means: UTF16, count: 999_999, sample: 'sample 999999' },
  ]);
});

it('a refusal is said in words beside its code', () => {
  const lines: object[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  log.note('unknown_format', 'a');
  log.note('tcp: connection refused, tls_unfinished', 'b');
  log.note('the disk is odd', 'c');
  expect(lines).toEqual([
    { kind: 'unknown_format', means: 'no line of Sense', sample: 'a' },
    { kind: 'tcp: connection refused, tls_unfinished', means: 'a TLS handshake was given up', sample: 'b' },
    { kind: 'the disk is odd', sample: 'c' },
  ]);
});

it('a trouble that is over is forgotten, and new when it comes again', () => {
  const lines: object[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  log.note('utf16', 'a');
  log.flush();
  log.note('utf16', 'b');
  expect(lines).toEqual([
    { kind: 'utf16', means: UTF16, sample: 'a' },
    { kind: 'utf16', means: UTF16, sample: 'b' },
  ]);
});

it('a sample is cut, and shows what would turn or colour a line', () => {
  const lines: { sample?: string }[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  log.note('turned', '\u202egnp\u009b31m\u2028 \u007f');
  log.note('long', `${'x'.repeat(249)}😀${'x'.repeat(60_000)}`);
  log.note('long', 'y'.repeat(60_000));
  log.flush();
  expect(lines[0]?.sample).toBe('\\u{202e}gnp\\u{9b}31m\\u{2028} \\u{7f}');
  expect(lines[1]?.sample).toBe(`${'x'.repeat(249)}\ufffd`);
  expect(lines[2]?.sample).toBe('y'.repeat(250));
});
