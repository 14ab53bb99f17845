import { Counter, Gauge, type Registry } from 'prom-client';
import { printable } from '../../contract/printable.ts';

/** A value, and the texts of the metric's labels in their order. */
export type Sample = readonly [value: number, ...labels: string[]];

/** A counter where the name ends in `_total`, else a gauge. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Asked at each scrape. */
  readonly samples: () => readonly Sample[];
}

/** A metric without labels; it is absent while the value is null. */
export function metric(name: string, help: string, value: () => number | null): Metric {
  const samples = (): Sample[] => {
    const now = value();
    return now === null ? [] : [[now]];
  };
  return { name, help, labels: [], samples };
}

/** What several metrics are read from is made once a scrape. */
export class Scrape {
  #number = 0;

  /** To be called before each. */
  begin(): void {
    this.#number += 1;
  }

  once<T>(make: () => T): () => T {
    let made: { readonly at: number; readonly value: T } | null = null;
    return () => {
      if (made?.at !== this.#number) made = { at: this.#number, value: make() };
      return made.value;
    };
  }
}

/** Adds a metric to a registry. What was said at one scrape is forgotten at the next. */
export function registerMetric(registry: Registry, { name, help, labels, samples }: Metric): void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const named = (texts: readonly string[]) =>
    Object.fromEntries(labels.map((label, place) => [label, printable(texts[place] ?? '')]));
  if (name.endsWith('_total')) {
    new Counter({
      ...options,
      collect() {
        this.reset();
        for (const [value, ...texts] of samples()) this.inc(named(texts), value);
      },
    });
  } else {
    new Gauge({
      ...options,
      collect() {
        this.reset();
        // Without labels a reset means 0, which would be said where nobody knows.
        if (labels.length === 0) this.remove();
        for (const [value, ...texts] of samples()) this.set(named(texts), value);
      },
    });
  }
}

/**
 * How far a number has risen since it was first looked at. The numbers of the store may fall: a late line takes an
 * end back, an operator has rows sent again, a killed program loses what was not committed yet. Prometheus takes a
 * counter that falls for one that began anew at zero, and its whole height for a burst.
 */
export class Rising {
  #last: number;
  #risen = 0;

  constructor(start: number) {
    this.#last = start;
  }

  /** `now`: the number at this moment. */
  at(now: number): number {
    this.#risen += Math.max(0, now - this.#last);
    this.#last = now;
    return this.#risen;
  }
}
