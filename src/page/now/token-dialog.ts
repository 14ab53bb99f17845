import { useSignal } from '@preact/signals';
import { giveToken, tokenNeed } from '../model/ask.ts';
import { Dialog } from '../parts/dialog.ts';
import { h, type View } from '../parts/view.ts';

/** Asks for the token of the API, where it needs one. */
export function TokenDialog(): View | null {
  const token = useSignal('');
  if (tokenNeed.value === null) return null;
  return h(
    Dialog,
    { title: 'A token is needed', close: null },
    h(
      'form',
      {
        class: 'token',
        method: 'dialog',
        onSubmit: (event: Event) => {
          event.preventDefault();
          if (token.value.trim() !== '') giveToken(token.value.trim());
        },
      },
      h(
        'p',
        null,
        'Headcount shows who is on only to those who have a token with the scope "read". It is kept until this tab is closed.',
      ),
      tokenNeed.value.problem === null
        ? null
        : h('p', { class: 'problem', role: 'alert' }, tokenNeed.value.problem),
      h('label', { for: 'token' }, 'Token'),
      h('input', {
        id: 'token',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
        value: token.value,
        onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
          token.value = currentTarget.value;
        },
      }),
      h('button', { type: 'submit', class: 'primary' }, 'Show the page'),
    ),
  );
}
