import { expect, it } from 'vitest';
import { whyNotCounted } from '../../src/commands/watch-line.ts';

const before = { sessions: 0, users: 0, sessionsOnNode: 0, accepted: 0, excluded: 0, refused: {} };
const line = { user: { directory: 'LAB', id: 'anna' }, node: 'test-node', isStop: false };

it('says why a line was refused with its code and in words, and a code that has none as it is', () => {
  const after = { ...before, refused: { unknown_format: 1, odd: 1 } };
  expect(whyNotCounted(line, before, after, 'UDP')).toBe(
    'it arrived and was refused: unknown_format, no line of Sense, odd',
  );
});
