import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Node compares many times faster, and `toEqual` says what differs. */
export function expectSame(actual: unknown, expected: unknown, what?: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, what).toEqual(expected);
}
