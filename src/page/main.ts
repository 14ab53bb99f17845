import { render } from 'preact';
import { fillFeed } from './activity/activity-feed.ts';
import { App } from './app.ts';
import { keepChoices } from './model/choices.ts';
import { followAddress } from './model/look.ts';
import { startFollowing } from './model/shown.ts';
import { h } from './parts/view.ts';
import { keepColumns } from './sessions/columns.ts';

followAddress();
keepChoices();
keepColumns();
startFollowing();
fillFeed();
const place = document.getElementById('page');
if (place !== null) render(h(App, null), place);
