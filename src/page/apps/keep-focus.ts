/**
 * The row of this button is about to go. Whoever works with the keyboard then goes on at the next row, or at the table
 * where there is none.
 */
export function keepFocus(button: HTMLElement): void {
  const row = button.closest('tr');
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const next = neighbour?.querySelector('button') ?? button.closest('section')?.querySelector('h2');
  if (next instanceof HTMLHeadingElement) next.tabIndex = -1;
  next?.focus();
}
