import { asOf } from '../model/look.ts';
import { Switch } from '../parts/choice.ts';
import { h, type View } from '../parts/view.ts';
import { timeText } from '../words/time.ts';
import type { SessionList } from './session-list.ts';

/** Whether only those are listed who are on. Of a past moment nobody else is. */
export function ActiveOnly({ list, label }: { readonly list: SessionList; readonly label: string }): View {
  const { value: at } = asOf;
  if (at !== null) return h('span', { class: 'label' }, `Who was on at ${timeText(at, 'date')}`);
  return h(Switch, {
    label,
    isOn: list.activeOnly.value,
    turn: (isOn) => {
      list.activeOnly.value = isOn;
    },
  });
}
