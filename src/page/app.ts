import { TotalSessions } from './apps/total-sessions.ts';
import { TrackedApps } from './apps/tracked-apps.ts';
import { UntrackedApps } from './apps/untracked-apps.ts';
import { FilterBar } from './filter/filter-bar.ts';
import { Graphs } from './graphs/graphs.ts';
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
    h(
      'main',
      null,
      h(FilterBar, null),
      h(NowCards, null),
      h(Graphs, null),
      h('div', { class: 'totals' }, h(TotalSessions, null), h(TrackedApps, null), h(UntrackedApps, null)),
    ),
    h(TokenDialog, null),
  );
}
