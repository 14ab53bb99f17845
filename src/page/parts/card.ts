import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { h, type View } from './view.ts';

/** A number that is seen from afar, with what it is above it and a word about it below. */
export function Card({
  label,
  note = null,
  className = '',
  children,
}: {
  readonly label: string;
  readonly note?: ComponentChildren;
  readonly className?: string;
  readonly children: ComponentChildren;
}): View {
  const id = useId();
  return h(
    'div',
    { class: `card ${className}`, role: 'group', 'aria-labelledby': id },
    h('p', { id, class: 'label' }, label),
    h('p', { class: 'figure' }, children),
    h('p', { class: 'note' }, note ?? '\u00a0'),
  );
}
