import type { Processes } from './processes.ts';

/** One line of the table at the end. */
export interface Row {
  readonly what: string;
  readonly target: string;
  /** Median (min-max) over the rounds. */
  readonly measured: string;
  /** What the same run gave for the thing compared with. */
  readonly yardstick: string;
  /** Null where there is nothing to reach. */
  readonly met: boolean | null;
}

export interface Bench {
  /** Everything shorter: shows that the bench works, proves nothing. */
  readonly quick: boolean;
  readonly processes: Processes;
  /** Path of the program's `main.ts`: of this working copy, or of another to compare with. */
  readonly program: string;
  /** Arguments of Node before the program, such as `--cpu-prof`. */
  readonly nodeArgs: readonly string[];
  /** Prints one line. */
  readonly say: (text: string) => void;
}

export interface Scenario {
  readonly name: string;
  /** One sentence: how it is measured. */
  readonly method: string;
  run(bench: Bench): Promise<Row[]>;
}
