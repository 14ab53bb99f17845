import { expect, it } from 'vitest';
import { describeResult, lineCases, parseMessage, readExpected, readMessages, tally } from './line-cases.ts';

it.each(lineCases())('%s: every message becomes what its case expects', (name) => {
  const messages = readMessages(name);
  const expected = readExpected(name);
  const results = messages.map(parseMessage);

  if (expected.messages !== undefined) {
    const described = results.map((result, i) => ({ why: messages[i]?.why, result: describeResult(result) }));
    expect(described).toEqual(expected.messages.map((result, i) => ({ why: messages[i]?.why, result })));
  }
  expect(tally(results)).toEqual({ accepted: expected.accepted, refused: expected.refused });
});
