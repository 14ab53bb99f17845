import { z } from 'zod';

/**
 * A password or token. Its messages do not begin with `expected`: whoever reports such a message adds what was
 * found, and this must not be shown.
 */
export function secret(what: string) {
  return z.unknown().transform((input, context): string => {
    const problem = problemOf(input, what);
    if (problem === null) return input as string;
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });
}

function problemOf(input: unknown, what: string): string | null {
  if (typeof input === 'number' || typeof input === 'boolean') return `put ${what} in quotes`;
  if (typeof input !== 'string') return `${what} must be text`;
  if (input === '') return `${what} is empty`;
  const isPrintable = [...input].every((char) => char >= ' ' && char !== '\u007f');
  return isPrintable ? null : `${what} has control characters`;
}
