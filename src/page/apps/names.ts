import { effect, signal } from '@preact/signals';
import { siteLists } from '../filter/site-lists.ts';
import { openApps } from './open-apps.ts';

/** Names of apps that were open at some time while the page was, by id. */
const names = signal<ReadonlyMap<string, string>>(new Map());
effect(() => {
  const apps = [...siteLists.value.apps, ...openApps.value];
  const known = names.peek();
  const added = apps.flatMap(({ appId, appName }) =>
    appName === null || known.get(appId) === appName ? [] : [[appId, appName] as const],
  );
  if (added.length > 0) names.value = new Map([...known, ...added]);
});

/** The name of an app, also after it was closed; else its id. */
export function nameOfApp(appId: string): string {
  return names.value.get(appId) ?? appId;
}
