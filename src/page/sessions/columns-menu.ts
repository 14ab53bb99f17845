import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { h, type View } from '../parts/view.ts';
import { COLUMNS, type ColumnName, canBeHidden, showColumn, shownColumns } from './columns.ts';

/** A button that opens the list of columns. Escape closes it, and so does going elsewhere. */
export function ColumnsMenu(): View {
  const isOpen = useSignal(false);
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const leave = ({ target }: Event): void => {
      if (!menu.current?.contains(target as Node)) isOpen.value = false;
    };
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    return () => {
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
    };
  }, []);
  return h(
    'div',
    {
      ref: menu,
      class: 'menu',
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== 'Escape' || !isOpen.value) return;
        isOpen.value = false;
        button.current?.focus();
      },
    },
    h(
      'button',
      {
        ref: button,
        type: 'button',
        'aria-expanded': isOpen.value,
        'aria-controls': id,
        onClick: () => {
          isOpen.value = !isOpen.value;
        },
      },
      'Columns',
    ),
    h(
      'div',
      {
        id,
        class: 'menu-list',
        role: 'group',
        'aria-label': 'Columns that are shown',
        hidden: !isOpen.value,
      },
      (Object.keys(COLUMNS) as ColumnName[]).map((name) => h(Choice, { key: name, name })),
    ),
  );
}

function Choice({ name }: { readonly name: ColumnName }): View {
  return h(
    'label',
    null,
    h('input', {
      type: 'checkbox',
      checked: shownColumns.value.includes(name),
      disabled: !canBeHidden(name),
      onChange: ({ currentTarget }) => showColumn(name, currentTarget.checked),
    }),
    COLUMNS[name].label,
  );
}
