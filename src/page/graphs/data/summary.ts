import { numberText } from '../../words/numbers.ts';
import { timeText } from '../../words/time.ts';
import type { Value } from './points.ts';

/** Values of a line in words, for whoever cannot see it: `times` are ms since 1970 UTC, oldest first. */
export function summaryOf(name: string, times: readonly number[], values: readonly Value[]): string {
  const known = values.flatMap((value, place) =>
    value === null ? [] : [{ value, at: times[place] as number }],
  );
  const latest = known.at(-1);
  if (latest === undefined) return `${name}: nothing is known.`;
  let lowest = latest;
  let highest = latest;
  for (const each of known) {
    if (each.value < lowest.value) lowest = each;
    if (each.value > highest.value) highest = each;
  }
  const said = (what: string, { value, at }: typeof latest): string =>
    `${what} ${numberText(value)} at ${timeText(at, 'date')}`;
  const missing = values.length - known.length;
  return (
    `${name}: ${said('highest', highest)}, ${said('lowest', lowest)}, ${said('latest', latest)}` +
    `${missing === 0 ? '' : `; unknown at ${numberText(missing)} of ${numberText(values.length)} points`}.`
  );
}
