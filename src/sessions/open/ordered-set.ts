import sortedBTree from 'sorted-btree';

/** Above this many entries a sorted array gives way to a tree. */
const ARRAY_LIMIT = 32;

/**
 * A set kept in order by `compare`, which must be a total order and must not change while an entry is
 * inside. A sorted array while it is small, a B-tree above: no operation costs more than O(log n).
 */
export class OrderedSet<T extends Order, Order = T> {
  readonly #compare: (a: Order, b: Order) => number;
  #array: T[] = [];
  #tree: BTree<Order, T> | null = null;

  constructor(compare: (a: Order, b: Order) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#tree?.size ?? this.#array.length;
  }

  add(entry: T): void {
    if (this.#tree !== null) {
      this.#tree.set(entry, entry);
      return;
    }
    if (this.#array.length === 0) {
      // An empty array makes room for seventeen when the first entry comes, and most sets have but one.
      this.#array = [entry];
      return;
    }
    let at = this.#array.length;
    while (at > 0 && this.#compare(this.#array[at - 1] as T, entry) > 0) at -= 1;
    this.#array.splice(at, 0, entry);
    if (this.#array.length > ARRAY_LIMIT) {
      const pairs = this.#array.map((each): [Order, T] => [each, each]);
      this.#tree = new BTree(pairs, this.#compare);
      this.#array = [];
    }
  }

  delete(entry: T): void {
    if (this.#tree !== null) {
      this.#tree.delete(entry);
      if (this.#tree.size === 0) this.#tree = null;
      return;
    }
    const at = this.#array.indexOf(entry);
    if (at >= 0) this.#array.splice(at, 1);
  }

  min(): T | null {
    if (this.#tree === null) return this.#array[0] ?? null;
    const key = this.#tree.minKey();
    return key === undefined ? null : (this.#tree.get(key) ?? null);
  }

  max(): T | null {
    if (this.#tree === null) return this.#array.at(-1) ?? null;
    const key = this.#tree.maxKey();
    return key === undefined ? null : (this.#tree.get(key) ?? null);
  }

  /** The last entry that does not come after `bound`. */
  lastUpTo(bound: Order): T | null {
    if (this.#tree !== null) return this.#tree.getPairOrNextLower(bound)?.[1] ?? null;
    for (let at = this.#array.length - 1; at >= 0; at -= 1) {
      const entry = this.#array[at] as T;
      if (this.#compare(entry, bound) <= 0) return entry;
    }
    return null;
  }

  /** The first entry that does not come before `bound`. */
  firstFrom(bound: Order): T | null {
    if (this.#tree !== null) return this.#tree.getPairOrNextHigher(bound)?.[1] ?? null;
    return this.#array.find((entry) => this.#compare(entry, bound) >= 0) ?? null;
  }

  values(): Iterable<T> {
    return this.#tree?.values() ?? this.#array;
  }
}

/** The library is a CommonJS module, so its class stands under `default` twice. */
export class BTree<K, V> extends sortedBTree.default<K, V> {}
