import { memory } from '../../../bench/process-usage.ts';
import type { SoakedProgram } from './soaked-program.ts';

const LOOK_EVERY_MS = 2_000;

/** In MiB. `heap` is that of the main thread. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
}

/** The least memory between two looks at it: what is left after a collection of garbage, not what waits for one. */
export class MemoryFloor {
  readonly #program: SoakedProgram;
  readonly #timer: NodeJS.Timeout;
  #least: Memory = { rss: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY };

  constructor(program: SoakedProgram) {
    this.#program = program;
    this.#timer = setInterval(() => void this.#look().catch(() => {}), LOOK_EVERY_MS);
  }

  /** Since it was asked for last. */
  async take(): Promise<Memory> {
    await this.#look();
    const least = this.#least;
    this.#least = { rss: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY };
    return least;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { api } = await this.#program.addresses();
    const metrics = await (await fetch(`${api}/metrics`)).text();
    const heapBytes = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]);
    const { rss, heap } = this.#least;
    this.#least = {
      rss: Math.min(rss, memory(this.#program.pid).now),
      heap: Math.min(heap, heapBytes / 1_048_576),
    };
  }
}
