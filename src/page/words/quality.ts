import type { CountsView } from '../../api/counts/counts-answer.ts';
import { numberText } from './numbers.ts';

type Quality = CountsView['quality'] | 'unknown';

/** What each word promises. */
export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  exact: 'Every line is accounted for. The count is right.',
  reconciled: 'The proxies agree with the count, which makes good what may have been lost.',
  unverified: 'Nothing was seen to be lost, but a loss would not show.',
  estimated: 'Something was lost or has not come, and nobody can say yet what that means.',
  unknown: 'Nobody knows who was on at this moment.',
};

const REASON_WORDS: Readonly<Record<string, string>> = {
  unnumbered: 'The lines of a node carry no row numbers, so nobody would see that one is missing.',
  warming_up: 'The store is new, and somebody may have been on before it began.',
  downtime: 'Headcount did not run for some time.',
  drops: 'This machine dropped datagrams, or Headcount had no room for lines.',
  gap: 'Lines of a node never came.',
  restart: 'The proxy of a node may have restarted, which ends every session.',
  clock: 'The clock of a node is off by more than a minute, or its lines come late.',
  excluded: 'A blacklist rule was taken back, and lines of its users had been left out.',
  site_silent: 'A site has not been heard of for 15 seconds, or not yet.',
  lagging: 'Events of a site are on their way here for more than 10 seconds.',
  partial: 'A central Headcount that has a part of the users was not heard of, so they are not counted.',
  before_store: 'It lies before Headcount was started for the first time.',
  not_running: 'Headcount did not run then.',
  future: 'It lies in the future.',
  forgotten: 'The quality of that time is not remembered any more.',
};

export function reasonText(reason: string): string {
  return REASON_WORDS[reason] ?? reason;
}

interface Range {
  readonly low: number;
  readonly high: number | null;
}

/** Such as `12 to 15`, or `at least 12` where nobody can know the most. */
export function rangeText({ low, high }: Range): string {
  if (high === null) return `at least ${numberText(low)}`;
  return low === high ? numberText(low) : `${numberText(low)} to ${numberText(high)}`;
}
