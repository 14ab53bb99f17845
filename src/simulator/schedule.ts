/** Items that wait for their time: a binary heap, so adding and taking cost O(log n). Equal times: first in, first out. */
export interface Schedule<T> {
  readonly size: number;
  /** The earliest time, `null` when nothing waits. */
  nextAt(): number | null;
  add(at: number, item: T): void;
  take(): T | null;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

export function createSchedule<T>(): Schedule<T> {
  const heap: Entry<T>[] = [];
  let added = 0;
  return {
    get size() {
      return heap.length;
    },
    nextAt: () => heap[0]?.at ?? null,
    add(at, item) {
      added += 1;
      siftUp(heap, { at, order: added, item });
    },
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return null;
      if (heap.length > 0) siftDown(heap, last);
      return first.item;
    },
  };
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function siftUp<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let hole = heap.length;
  while (hole > 0) {
    const above = (hole - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[hole] = parent;
    hole = above;
  }
  heap[hole] = entry;
}

function siftDown<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let hole = 0;
  for (;;) {
    const left = 2 * hole + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    if (a === undefined) break;
    const [child, at] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
    if (!isBefore(child, entry)) break;
    heap[hole] = child;
    hole = at;
  }
  heap[hole] = entry;
}
