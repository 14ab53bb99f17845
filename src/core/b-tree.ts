import sortedBTree from 'sorted-btree';

/** The library is a CommonJS module, so its class stands under `default` twice. */
export class BTree<K, V> extends sortedBTree.default<K, V> {}
