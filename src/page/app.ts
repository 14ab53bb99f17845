import { Activity } from './activity/activity.ts';
import { FilterBar } from './filter/filter-bar.ts';
import { Banner } from './now/banner.ts';
import { NowCards } from './now/cards.ts';
import { Head } from './now/head.ts';
import { TokenDialog } from './now/token-dialog.ts';
import { h, type View } from './parts/view.ts';

/** The page from top to bottom. */
export function App(): View {
  return h(
    'div',
    { class: 'page' },
    h(Head, null),
    h(Banner, null),
    h('main', null, h(FilterBar, null), h(NowCards, null), h('div', { class: 'columns' }, h(Activity, null))),
    h(TokenDialog, null),
  );
}
