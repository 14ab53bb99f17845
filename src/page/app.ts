import { Activity } from './activity/activity.ts';
import { Applications } from './applications/applications.ts';
import { TotalSessions } from './apps/total-sessions.ts';
import { TrackedApps } from './apps/tracked-apps.ts';
import { UntrackedApps } from './apps/untracked-apps.ts';
import { AroundThen } from './as-of/around-then.ts';
import { PastNotice } from './as-of/past-notice.ts';
import { FilterBar } from './filter/filter-bar.ts';
import { Graphs } from './graphs/graphs.ts';
import { Impact } from './impact/impact.ts';
import { Ingest } from './ingest/ingest.ts';
import { Banner } from './now/banner.ts';
import { NowCards } from './now/cards.ts';
import { Head } from './now/head.ts';
import { TokenDialog } from './now/token-dialog.ts';
import { h, type View } from './parts/view.ts';
import { Peaks } from './peaks/peaks.ts';
import { Rejections } from './rejections/rejections.ts';
import { SessionDialog } from './session/session-dialog.ts';
import { Sessions } from './sessions/sessions.ts';
import { hasNothing, isNew, Welcome } from './welcome/welcome.ts';

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
      isNew.value ? h(Welcome, null) : null,
      hasNothing.value ? null : h(Numbers, null),
      h(Ingest, null),
    ),
    h(SessionDialog, null),
    h(TokenDialog, null),
  );
}

/** Everything about who is on. */
function Numbers(): View {
  return h(
    'div',
    { class: 'parts' },
    h(FilterBar, null),
    h(PastNotice, null),
    h(NowCards, null),
    h('div', { class: 'beside' }, h(Graphs, null), h(Activity, null)),
    h(AroundThen, null),
    h('div', { class: 'totals' }, h(TotalSessions, null), h(TrackedApps, null), h(UntrackedApps, null)),
    h(Sessions, null),
    h(Applications, null),
    h('div', { class: 'columns' }, h(Impact, null), h(Rejections, null)),
    h(Peaks, null),
  );
}
