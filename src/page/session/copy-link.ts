import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { h, type View } from '../parts/view.ts';

/** The address of a session, whatever else is looked at, to be sent to somebody. */
export function CopyLink({ id }: { readonly id: string }): View {
  const said = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const address = new URL(`?${new URLSearchParams({ session: id })}`, location.href).href;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(address);
      said.value = 'Copied';
    } catch {
      // Browsers let pages copy only where they were sent over TLS.
      field.current?.select();
      said.value = 'Press Ctrl+C to copy it';
    }
  };
  return h(
    'div',
    { class: 'copy-link tools' },
    h('input', {
      ref: field,
      type: 'text',
      readOnly: true,
      'aria-label': 'Link to this session',
      value: address,
      onFocus: ({ currentTarget }) => currentTarget.select(),
    }),
    h('button', { type: 'button', onClick: copy }, 'Copy link'),
    h('span', { role: 'status', class: 'label' }, said.value),
  );
}
