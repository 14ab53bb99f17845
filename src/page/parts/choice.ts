import type { Signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { h, type View } from './view.ts';

/** One of a few, all of which are seen: a group of radio buttons in a row. */
export function RadioRow({
  label,
  options,
  chosen,
}: {
  readonly label: string;
  /** By the values that `chosen` may have. */
  readonly options: Readonly<Record<string, string>>;
  readonly chosen: Signal<string>;
}): View {
  const name = useId();
  return h(
    'div',
    { class: 'radio-row', role: 'radiogroup', 'aria-label': label },
    Object.entries(options).map(([option, text]) =>
      h(
        'label',
        { key: option },
        h('input', {
          type: 'radio',
          name,
          value: option,
          checked: option === chosen.value,
          onChange: () => {
            chosen.value = option;
          },
        }),
        h('span', null, text),
      ),
    ),
  );
}

/** One of many. `all` is what stands for no choice. */
export function Select({
  label,
  all,
  options,
  chosen,
}: {
  readonly label: string;
  readonly all: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly chosen: Signal<string | null>;
}): View {
  const id = useId();
  const { value } = chosen;
  const isListed = value === null || options.some(([option]) => option === value);
  const listed = isListed ? options : [...options, [value, value] as const];
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    h(
      'select',
      {
        id,
        value: value ?? '',
        onChange: ({ currentTarget }) => {
          chosen.value = currentTarget.value || null;
        },
      },
      h('option', { value: '' }, all),
      listed.map(([option, text]) => h('option', { key: option, value: option }, text)),
    ),
  );
}

/** On or off, at once. */
export function Switch({
  label,
  isOn,
  turn,
}: {
  readonly label: string;
  readonly isOn: boolean;
  readonly turn: (isOn: boolean) => void;
}): View {
  return h(
    'label',
    { class: 'switch' },
    h('input', {
      type: 'checkbox',
      role: 'switch',
      checked: isOn,
      onChange: ({ currentTarget }) => turn(currentTarget.checked),
    }),
    h('span', null, label),
  );
}
