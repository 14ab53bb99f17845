import type { ReadonlySignal } from '@preact/signals';
import { h, type View } from '../parts/view.ts';
import { UNKNOWN } from '../words/numbers.ts';
import { durationText, timeText } from '../words/time.ts';

/** How long ago something was; it counts up by itself. */
export function Ago({ at, now }: { readonly at: string | null; readonly now: ReadonlySignal<number> }): View {
  if (at === null) return h('span', null, UNKNOWN);
  const seconds = (now.value - Date.parse(at)) / 1000;
  return h('time', { dateTime: at, title: timeText(at, 'full') }, `${durationText(seconds)} ago`);
}
