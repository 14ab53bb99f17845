import { addUp } from '../../centres/adding-up.ts';
import { askAll } from '../../centres/asking.ts';
import type { Centres } from '../../centres/centres.ts';
import { rangeOfSite } from '../../contract/sites/site-hosts.ts';
import type { UserClass } from '../../contract/user-class.ts';
import type { Json } from '../../journal/read/answers.ts';
import type { Part } from '../../journal/read/parts/part.ts';
import { type CountsView, countsAnswer } from '../counts/counts-answer.ts';
import { type CountsAnswer, countsTag } from '../counts/current-counts.ts';

/** The counts of all centres, made anew only when one of them has said something, or has fallen silent. */
export class AllCounts {
  readonly #centres: Centres;
  #madeOf = '';
  /** Everything but `asOf`, without the brace before it. */
  #rest = '';
  #tag = '';

  constructor(centres: Centres) {
    this.#centres = centres;
  }

  /** As of what was heard first of all that is in it. `now`: ms since 1970 UTC. */
  at(now: number): CountsAnswer {
    const found = this.#centres.now();
    const { owners, missing } = found;
    const madeOf = JSON.stringify([owners.map(({ centre, heardAt }) => [centre, heardAt]), missing]);
    const asOf = new Date(now - this.#centres.ageOf(found)).toISOString();
    if (madeOf !== this.#madeOf) {
      const parts = owners.flatMap(({ counts }) => (counts === null ? [] : [counts]));
      const { asOf: _, ...rest } = addUp(parts, missing, asOf);
      const json = JSON.stringify(rest);
      this.#rest = json.slice(1);
      this.#tag = countsTag(json);
      this.#madeOf = madeOf;
    }
    return { json: `{"asOf":"${asOf}",${this.#rest}` as Json<CountsView>, tag: this.#tag };
  }

  /** Of a part, or of a past moment: each centre is asked for its own. Times in ms since 1970 UTC. */
  async ofPart(part: Part, only: UserClass | null, at: number | null, now: number): Promise<CountsAnswer> {
    const { answers, missing } = await askAll(this.#centres, pathOf(part, only, at), countsAnswer);
    const {
      asOf,
      sites: _,
      sitesTotal: _total,
      ...sum
    } = addUp(answers, missing, new Date(at ?? now).toISOString());
    const json = JSON.stringify({ asOf, ...sum });
    return { json: json as Json<CountsView>, tag: countsTag(JSON.stringify(sum)) };
  }
}

function pathOf({ host, virtualProxy, app }: Part, only: UserClass | null, at: number | null): string {
  const query = new URLSearchParams();
  const [site] = host === null ? [] : (rangeOfSite(host) ?? []);
  if (site !== undefined) query.set('site', site.slice(0, -1));
  else if (host !== null) query.set('host', host);
  if (virtualProxy !== null) query.set('virtualProxy', virtualProxy);
  if (app !== null) query.set('app', app);
  if (only !== null) query.set('class', only);
  if (at !== null) query.set('at', new Date(at).toISOString());
  return `/api/v1/counts?${query}`;
}
