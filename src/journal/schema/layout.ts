import type { Names } from '../names.ts';
import type { Column } from './table.ts';

type Written<Source> = Partial<Pick<Column<Source>, 'write' | 'text' | 'sql'>>;

/**
 * How records lie in the typed arrays that go to the writer: the numbers of their columns, one after the other, NaN for
 * NULL. Numbers in transferred memory, because objects would cost more than the record.
 */
export class Layout<Source, Name extends string> {
  readonly names: readonly Name[];
  /** Numbers of one record. */
  readonly stride: number;
  /** The place of each column among them. */
  readonly at: Readonly<Record<Name, number>>;
  readonly #writes: readonly ((source: Source, names: Names) => number)[];

  /** Of those columns that are numbers written of `Source`. */
  constructor(columns: Readonly<Record<Name, Written<Source>>>) {
    const written = Object.entries<Written<Source>>(columns).flatMap(([name, { write }]) =>
      write === undefined ? [] : [[name as Name, write] as const],
    );
    this.names = written.map(([name]) => name);
    this.#writes = written.map(([, write]) => write);
    this.stride = written.length;
    this.at = Object.fromEntries(written.map(([name], place) => [name, place])) as Record<Name, number>;
  }

  /** Writes one record into `cells` from `start` on. */
  encode(cells: Float64Array, start: number, source: Source, names: Names): void {
    let place = start;
    for (const write of this.#writes) cells[place++] = write(source, names);
  }

  encodeAll(sources: readonly Source[], names: Names): Float64Array<ArrayBuffer> {
    const cells = new Float64Array(sources.length * this.stride);
    for (const [place, source] of sources.entries()) this.encode(cells, place * this.stride, source, names);
    return cells;
  }
}
