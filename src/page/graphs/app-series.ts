import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import { nameOfApp } from '../apps/names.ts';
import { tracked } from '../model/look.ts';
import { filterParameters } from '../model/shown.ts';
import { MOST_APP_LINES } from './data/lines.ts';
import { type KnownSeries, keepSeries } from './data/series.ts';
import { type Slots, slotsAfter, toggled } from './data/slots.ts';

const slots = signal<Slots>(new Array(MOST_APP_LINES).fill(null));

/** Whether a tracked app has lines in the graphs. */
export function isDrawn(appId: string): boolean {
  return slots.value.includes(appId);
}

/** Whether another one may have lines. */
export const hasFreeSlot = computed(() => slots.value.includes(null));

export function toggleDrawn(appId: string): void {
  slots.value = toggled(slots.value, appId);
}

const trackedBefore = signal<readonly string[]>([]);
effect(() => {
  slots.value = slotsAfter(slots.peek(), trackedBefore.peek(), tracked.value);
  trackedBefore.value = tracked.value;
});

/** The apps that have lines in the graphs, with the place of their colour. */
export const drawnApps = computed(() =>
  slots.value.flatMap((appId, place) => (appId === null ? [] : [{ appId, name: nameOfApp(appId), place }])),
);

interface Kept {
  readonly known: ReadonlySignal<KnownSeries>;
  readonly stop: () => void;
}

const kept = new Map<string, Kept>();

/** The points of each of them. */
export const appSeries = signal<ReadonlyMap<string, ReadonlySignal<KnownSeries>>>(new Map());
effect(() => {
  const drawn = slots.value.filter((appId) => appId !== null);
  for (const [appId, { stop }] of kept) {
    if (drawn.includes(appId)) continue;
    stop();
    kept.delete(appId);
  }
  for (const appId of drawn) {
    if (kept.has(appId)) continue;
    const keeping = untracked(() => keepSeries(() => ({ ...filterParameters.value, app: appId })));
    kept.set(appId, keeping);
  }
  appSeries.value = new Map(Array.from(kept, ([appId, { known }]) => [appId, known]));
});
