import { addUp } from '../../centres/adding-up.ts';
import type { Centres } from '../../centres/centres.ts';
import type { Json } from '../../journal/read/answers.ts';
import type { CountsView } from '../counts/counts-answer.ts';
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
}
