/** The order that *oldest* and *newest* session speak of. */
export function byStart(a: Started, b: Started): number {
  return a.startedAt - b.startedAt || a.id - b.id;
}

interface Started {
  readonly id: number;
  readonly startedAt: number;
}

/** The order that *newest connection* speaks of. */
export function byOpening(a: Opening, b: Opening): number {
  return a.openedAt - b.openedAt || a.id - b.id;
}

export interface Opening {
  readonly id: number;
  readonly openedAt: number;
}
