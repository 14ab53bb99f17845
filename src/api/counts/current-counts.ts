import { hash } from 'node:crypto';
import type { AppNames } from '../../contract/app-names.ts';
import type { UserClass } from '../../contract/user-class.ts';
import type { Json } from '../../journal/read/answers.ts';
import type { Site } from '../../sessions/site.ts';
import type { CountsView } from './counts-answer.ts';
import { countsView } from './counts-view.ts';

export interface CountsAnswer {
  readonly json: Json<CountsView>;
  readonly tag: string;
}

/**
 * The counts as they are answered, made anew only when they may have changed: an event came, or the second did. A page that
 * many have open asks for the same numbers again and again.
 */
export class CurrentCounts {
  readonly #site: Site;
  readonly #appNames: AppNames;
  readonly #only: UserClass | null;
  #changes = -1;
  #second = -1;
  /** Everything but `asOf`, without the brace before it. */
  #rest = '';
  #tag = '';

  /** `only`: of one class of users. */
  constructor(site: Site, appNames: AppNames, only: UserClass | null = null) {
    this.#site = site;
    this.#appNames = appNames;
    this.#only = only;
  }

  /** `now`: ms since 1970 UTC. */
  at(now: number): CountsAnswer {
    const second = Math.floor(now / 1000);
    if (this.#changes !== this.#site.changes || this.#second !== second) {
      const { asOf: _, ...rest } = countsView(this.#site, this.#appNames, now, this.#only);
      const json = JSON.stringify(rest);
      this.#rest = json.slice(1);
      this.#tag = countsTag(json);
      this.#changes = this.#site.changes;
      this.#second = second;
    }
    const json = `{"asOf":"${new Date(now).toISOString()}",${this.#rest}` as Json<CountsView>;
    return { json, tag: this.#tag };
  }
}

/** Of the counts as JSON but for `asOf`. Weak, because two answers that differ in when they were given alone are as good as the same. */
export function countsTag(json: string): string {
  return `W/"${hash('sha256', json, 'base64url').slice(0, 22)}"`;
}

/** Whether an `If-None-Match` has the tag, compared weakly as RFC 9110 says. */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const bare = tag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => {
    const given = each.trim();
    return given === '*' || given.replace(/^W\//, '') === bare;
  });
}
