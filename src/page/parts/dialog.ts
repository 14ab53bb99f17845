import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { h, type View } from './view.ts';

/**
 * Something over the page that has to be closed. The browser keeps the focus in it, and whatever had it gets it back; Escape
 * closes it, and so does a click beside it.
 */
export function Dialog({
  title,
  close,
  className = '',
  children,
}: {
  readonly title: string;
  /** Null where it cannot be closed before something was done. */
  readonly close: (() => void) | null;
  readonly className?: string;
  readonly children: ComponentChildren;
}): View {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opened = dialog.current;
    const before = document.activeElement;
    opened?.showModal();
    return () => {
      opened?.close();
      // By now it is not on the page any more, so the browser does not do that.
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return h(
    'dialog',
    {
      ref: dialog,
      class: `dialog ${className}`,
      'aria-labelledby': id,
      onCancel: (event: Event) => {
        event.preventDefault();
        close?.();
      },
      onClick: (event: MouseEvent) => {
        if (event.target === dialog.current) close?.();
      },
    },
    h(
      'div',
      { class: 'dialog-body' },
      h(
        'header',
        { class: 'section-head' },
        h('h2', { id }, title),
        close === null ? null : h('button', { type: 'button', class: 'quiet', onClick: close }, 'Close'),
      ),
      children,
    ),
  );
}
