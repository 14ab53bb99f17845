import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';

/** Keys and indexes from the root of the file down to a value. */
export type Path = readonly (string | number)[];

/** Offset of the value at a path (or of its key); for a missing one, of its nearest parent. Follows aliases. */
export function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const parent = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(parent)) node = parent.items[Number(step)];
    else if (isMap(parent)) {
      const pair = (parent as YAMLMap).items.findLast(({ key }) => nameOf(key) === step);
      if (pair === undefined) return offset;
      const wantsKey = part === 'key' && depth === path.length - 1;
      node = wantsKey || startOf(pair.value) === null ? pair.key : pair.value;
    } else return offset;
    offset = startOf(node) ?? offset;
  }
  return offset;
}

/** Offset of a node of a parsed document; null where there is none. */
export function startOf(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null;
}

/** A key as text. */
export function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}
