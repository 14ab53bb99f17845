import { useEffect, useRef } from 'preact/hooks';
import { h, type View } from '../parts/view.ts';
import type { SessionList } from './session-list.ts';

const TYPED_MS = 250;

/** Asks once somebody has stopped typing. */
export function FindUser({ list, label }: { readonly list: SessionList; readonly label: string }): View {
  const timer = useRef<number>(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return h('input', {
    type: 'search',
    class: 'find',
    'aria-label': label,
    placeholder: label,
    maxLength: 200,
    autocomplete: 'off',
    spellcheck: false,
    defaultValue: list.search.peek(),
    onInput: ({ currentTarget }) => {
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        list.search.value = currentTarget.value.trim();
      }, TYPED_MS);
    },
  });
}
