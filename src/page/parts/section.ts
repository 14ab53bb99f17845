import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { h, type View } from './view.ts';

/** A part of the page with a heading, which is its accessible name too. `tools` stand beside the heading. */
export function Section({
  title,
  className = '',
  tools = null,
  children,
}: {
  readonly title: string;
  readonly className?: string;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}): View {
  const id = useId();
  return h(
    'section',
    { class: `section ${className}`, 'aria-labelledby': id },
    h('header', { class: 'section-head' }, h('h2', { id }, title), h('div', { class: 'tools' }, tools)),
    children,
  );
}

/** What stands where there is nothing to show yet, or what went wrong. */
export function Notice({ children }: { readonly children: ComponentChildren }): View {
  return h('p', { class: 'notice' }, children);
}
