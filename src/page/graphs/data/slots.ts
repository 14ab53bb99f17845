/** Which app has which look: the place of an app in it is the place of its colour; null where a place is free. */
export type Slots = readonly (string | null)[];

/** After other apps are tracked: those that are new take free places, those that went leave theirs. */
export function slotsAfter(slots: Slots, before: readonly string[], tracked: readonly string[]): Slots {
  const arrived = tracked.filter((appId) => !before.includes(appId) && !slots.includes(appId));
  return slots
    .map((appId) => (appId !== null && tracked.includes(appId) ? appId : null))
    .map((appId) => appId ?? arrived.shift() ?? null);
}

/** With an app that was not in it, in a free place if there is one; or without one that was. */
export function toggled(slots: Slots, appId: string): Slots {
  if (slots.includes(appId)) return slots.map((each) => (each === appId ? null : each));
  const free = slots.indexOf(null);
  return free < 0 ? slots : slots.with(free, appId);
}
