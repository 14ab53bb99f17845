import { z } from 'zod';
import { text } from '../src/core/settings.ts';
import { type AllowedEntry, parseAllowed } from './allowed-entry.ts';

const MOST_ENTRIES = 10_000;

const entry = text('an address, a network such as "10.1.0.0/16", or a host name').transform(
  (input, context): AllowedEntry => {
    const parsed = parseAllowed(input);
    if (!('problem' in parsed)) return parsed;
    context.addIssue({ code: 'custom', message: parsed.problem, input });
    return z.NEVER;
  },
);

/** Key `allow` of a receiver: addresses, networks and names that may send; empty is everyone. */
export function allow() {
  return z.array(entry).max(MOST_ENTRIES, `expected at most ${MOST_ENTRIES} entries`).prefault([]);
}
