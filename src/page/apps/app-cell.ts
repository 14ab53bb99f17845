import { h, type View } from '../parts/view.ts';
import type { AppRow } from './rows.ts';

/** The name of an app at the head of its row, two lines of it at most. */
export function AppCell({ row: { name, appId } }: { readonly row: AppRow }): View {
  const title = name === appId ? name : `${name} (${appId})`;
  return h('th', { scope: 'row', class: 'app-name', title }, h('bdi', null, name));
}
