import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { asOf } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { zoneName } from '../words/time.ts';
import { momentText, readMoment } from './read-moment.ts';

/** Where somebody says which moment the page shows; a button leads back to now. */
export function AsOfField(): View {
  const at = asOf.value;
  const shown = at === null ? '' : momentText(at, zoneName());
  const typed = useSignal(shown);
  const problem = useSignal<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    typed.value = shown;
    problem.value = null;
  }, [shown]);
  const apply = (): void => {
    const text = typed.value.trim();
    // A time that clocks showed twice stays the one that it is.
    if (text === shown) return;
    if (text === '') {
      asOf.value = null;
      return;
    }
    const moment = readMoment(text, now.value, zoneName());
    if ('at' in moment) asOf.value = moment.at;
    problem.value = 'problem' in moment ? moment.problem : null;
  };
  return h(
    'form',
    {
      class: 'as-of field',
      onSubmit: (event: Event) => {
        event.preventDefault();
        apply();
      },
    },
    h('label', { for: id }, 'As of'),
    h(
      'div',
      { class: 'tools' },
      h('input', {
        ref: field,
        id,
        type: 'text',
        autocomplete: 'off',
        spellcheck: false,
        maxLength: 64,
        placeholder: 'such as yesterday 10:14',
        'aria-invalid': problem.value !== null,
        'aria-describedby': `${id}-problem`,
        value: typed.value,
        onInput: ({ currentTarget }) => {
          typed.value = currentTarget.value;
        },
      }),
      h('button', { type: 'submit' }, 'Show'),
      h(
        'button',
        {
          type: 'button',
          disabled: at === null,
          onClick: () => {
            asOf.value = null;
            // The button that had the focus can do nothing any more.
            field.current?.focus();
          },
        },
        'Now',
      ),
    ),
    h('p', { id: `${id}-problem`, class: 'as-of-problem', role: 'alert' }, problem.value),
  );
}
