import { expect, it } from 'vitest';
import { describeLines, lineCases, readExpected, readLines, readMessages, tally } from './line-cases.ts';

it.each(lineCases())('%s: every message becomes what its case expects', (name) => {
  const messages = readMessages(name);
  const expected = readExpected(name);
  const results = messages.map(readLines);

  if (expected.messages !== undefined) {
    const described = results.map((result, i) => ({ why: messages[i]?.why, result: describeLines(result) }));
    expect(described).toEqual(expected.messages.map((result, i) => ({ why: messages[i]?.why, result })));
  }
  expect(tally(results.flat())).toEqual({ accepted: expected.accepted, refused: expected.refused });
});
