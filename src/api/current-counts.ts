import type { AppNames } from '../core/app-names.ts';
import type { Site } from '../core/site.ts';
import { countsView } from './counts-view.ts';
import { countsTag } from './entity-tag.ts';

export interface CountsAnswer {
  /** JSON of a `CountsView`. */
  readonly json: string;
  readonly tag: string;
}

/**
 * The counts as they are answered, made anew only when they may have changed: an event came, or the second did. A page that
 * many have open asks for the same numbers again and again.
 */
export class CurrentCounts {
  readonly #site: Site;
  readonly #appNames: AppNames;
  #changes = -1;
  #second = -1;
  /** Everything but `asOf`, without the brace before it. */
  #rest = '';
  #tag = '';

  constructor(site: Site, appNames: AppNames) {
    this.#site = site;
    this.#appNames = appNames;
  }

  /** `now`: ms since 1970 UTC. */
  at(now: number): CountsAnswer {
    const second = Math.floor(now / 1000);
    if (this.#changes !== this.#site.changes || this.#second !== second) {
      const { asOf: _, ...rest } = countsView(this.#site, this.#appNames, now);
      const json = JSON.stringify(rest);
      this.#rest = json.slice(1);
      this.#tag = countsTag(json);
      this.#changes = this.#site.changes;
      this.#second = second;
    }
    return { json: `{"asOf":"${new Date(now).toISOString()}",${this.#rest}`, tag: this.#tag };
  }
}
