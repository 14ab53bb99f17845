import { expect, test } from 'vitest';
import { TroubleLog } from '../src/trouble-log.ts';

test('a million of the same trouble are one line at once and one line a minute', () => {
  const lines: object[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  for (let n = 0; n < 1_000_000; n += 1) log.note('utf16', `sample ${n}`);
  log.flush();
  expect(lines).toEqual([
    { kind: 'utf16', sample: 'sample 0' },
    { kind: 'utf16', count: 999_999, sample: 'sample 999999' },
  ]);
});

test('a trouble that is over is forgotten, and new when it comes again', () => {
  const lines: object[] = [];
  const log = new TroubleLog({ warn: (fields) => lines.push(fields), error: () => {} });
  log.note('utf16', 'a');
  log.flush();
  log.note('utf16', 'b');
  expect(lines).toEqual([
    { kind: 'utf16', sample: 'a' },
    { kind: 'utf16', sample: 'b' },
  ]);
});
