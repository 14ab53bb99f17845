import { computed, signal } from '@preact/signals';
import { answerOf } from '../model/answer.ts';
import { asOf, filter, tracked } from '../model/look.ts';
import { counts } from '../model/shown.ts';
import type { ToldApp } from './rows.ts';

/** A part of the name or the id of an app to look for. */
export const find = signal('');
/** How many apps are listed; more of them on request. */
export const wanted = signal(100);
export const MOST_WANTED = 500;
/** How many of the open apps are looked through for a name. */
const MOST_SEARCHED = 1_000;

/** Of the whole site now, all apps can be had; else only those that the counts list. */
export const canAskForMore = computed(
  () => asOf.value === null && Object.values(filter).every(({ value }) => value === null),
);

const listed = computed<readonly ToldApp[]>(() => counts.value?.apps ?? []);

/** How many apps are open; null while nobody has said. */
export const openTotal = computed<number | null>(() => counts.value?.appsTotal ?? null);

/** How many apps are needed for what is shown. */
const needed = computed(() => {
  const isMissing = tracked.value.some((appId) => !listed.value.some((app) => app.appId === appId));
  return find.value !== '' || isMissing ? MOST_SEARCHED : wanted.value;
});

const isMoreNeeded = computed(
  () =>
    canAskForMore.value && needed.value > listed.value.length && (openTotal.value ?? 0) > listed.value.length,
);

const more = answerOf<{ readonly items: readonly ToldApp[] }>(
  () => (isMoreNeeded.value ? { route: 'apps', parameters: { limit: needed.value } } : null),
  5_000,
);

/** The open apps as far as they are needed. Those that the counts list are of this second. */
export const openApps = computed<readonly ToldApp[]>(() => {
  const others = isMoreNeeded.value ? (more.value.value?.items ?? []) : [];
  const known = new Set(listed.value.map(({ appId }) => appId));
  return [...listed.value, ...others.filter(({ appId }) => !known.has(appId))];
});

/** Every open app is among them. */
export const isEveryApp = computed(() => {
  const total = openTotal.value;
  return total !== null && openApps.value.length >= total;
});
