import { h, type View } from './view.ts';

/** Text that somebody else chose: of any length and in any direction. It takes two lines at most. */
export function Name({ text }: { readonly text: string }): View {
  return h('bdi', { class: 'clamped', title: text }, text);
}
