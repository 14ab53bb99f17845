import type { OneSession } from '../../journal/read/answers.ts';
import { numberText } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';

export type Loss = OneSession['lossWindows'][number];

/** Why lines did not come, as a part of a sentence. */
export const LOSS_WORDS: Readonly<Record<Loss['reason'], string>> = {
  warming_up: 'the store had just begun',
  downtime: 'Headcount did not run',
  drops: 'this machine dropped datagrams',
  gap: 'row numbers are missing',
  restart: 'the proxy began to number anew',
  clock: 'a line came too late to be placed',
  excluded: 'lines of the user were left out by the blacklist',
};

/** When lines were lost, why, and how many. */
export function lossText({ from, to, reason, lines }: Loss): string {
  const time =
    from === null ? `before ${timeText(to, 'date')}` : `${timeText(from, 'date')} to ${timeText(to, 'date')}`;
  const many = lines === null ? '' : `, ${numberText(lines)} of them`;
  return `Lines were or may have been lost ${time}${many}: ${LOSS_WORDS[reason]}.`;
}
