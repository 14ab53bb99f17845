import { computed } from '@preact/signals';
import { AsOfField } from '../as-of/as-of-field.ts';
import { filter } from '../model/look.ts';
import { Select } from '../parts/choice.ts';
import { h, type View } from '../parts/view.ts';
import { appName } from '../words/names.ts';
import { hostChoices, siteLists } from './site-lists.ts';

/** What everything on the page is narrowed down to. */
export function FilterBar(): View {
  const { apps, hosts, virtualProxies } = siteLists.value;
  return h(
    'search',
    { class: 'filters', 'aria-label': 'Filter' },
    h(Select, {
      label: 'Application',
      all: 'All applications',
      options: apps.map((app) => [app.appId, appName(app)] as const),
      chosen: filter.app,
    }),
    h(Select, {
      label: 'Host',
      all: 'All hosts',
      options: hostChoices(hosts),
      chosen: filter.host,
    }),
    h(Select, {
      label: 'Virtual proxy',
      all: 'All virtual proxies',
      options: virtualProxies.map((prefix) => [prefix, prefix === '' ? '(default)' : prefix] as const),
      chosen: filter.virtualProxy,
    }),
    h(AsOfField, null),
    isFiltered.value ? h('button', { type: 'button', onClick: showEverything }, 'Show everything') : null,
  );
}

const isFiltered = computed(() => Object.values(filter).some(({ value }) => value !== null));

function showEverything(): void {
  for (const each of Object.values(filter)) each.value = null;
}
