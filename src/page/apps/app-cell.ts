import { h, type View } from '../parts/view.ts';
import type { AppRow } from './rows.ts';

/** The name of an app at the head of its row, two lines of it at most. `id`: of the element, by which a button is described. */
export function AppCell({ row: { name, appId }, id }: { readonly row: AppRow; readonly id: string }): View {
  const title = name === appId ? name : `${name} (${appId})`;
  return h('th', { id, scope: 'row', class: 'app-name', title }, h('bdi', null, name));
}
