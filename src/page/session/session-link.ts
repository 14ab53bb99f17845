import type { ComponentChildren } from 'preact';
import { addressOf, sessionId } from '../model/look.ts';
import { h, type View } from '../parts/view.ts';

/** Leads to a session: a click opens it on this page, and its address opens it in another tab. */
export function SessionLink({
  id,
  title,
  children,
}: {
  readonly id: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}): View {
  return h(
    'a',
    {
      href: addressOf({ session: id }),
      title,
      onClick: (event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        sessionId.value = id;
      },
    },
    children,
  );
}
