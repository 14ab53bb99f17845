import { Document, isMap, isNode, type Pair, type Scalar } from 'yaml';
import { printable } from '../contract/printable.ts';

type Path = readonly (string | number)[];

/** A configuration of ours that is being made, with comments. */
export class MadeConfig {
  readonly #values: Record<string, unknown> = {};
  readonly #comments: { readonly path: Path; readonly text: string }[] = [];

  set(key: string, value: unknown): void {
    this.#values[key] = value;
  }

  /** What stands above the value at `path`. */
  comment(path: Path, text: string): void {
    this.#comments.push({ path, text });
  }

  /** `before` and `after`: lines of comment around everything. */
  toYaml(before: readonly string[], after: readonly string[]): string {
    const document = new Document(this.#values, { aliasDuplicateObjects: false });
    for (const { path, text } of this.#comments) {
      const node = keyOrItem(document, path);
      if (node === null) continue;
      const comment = commentOf([text]);
      node.commentBefore = node.commentBefore ? `${node.commentBefore}\n${comment}` : comment;
    }
    const body = document.toString({ lineWidth: 0, defaultStringType: 'PLAIN' });
    const lines = (texts: readonly string[]) =>
      texts.map((text) => (text === '' ? '#' : `# ${printable(text)}`)).join('\n');
    return `${lines(before)}\n\n${body}\n${lines(after)}\n`;
  }
}

function commentOf(texts: readonly string[]): string {
  return texts.map((text) => ` ${printable(text)}`).join('\n');
}

/** A comment above a value of a map belongs to its key. */
function keyOrItem(document: Document, path: Path): { commentBefore?: string | null } | null {
  const parent = document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => (key as Scalar).value === last) as Pair | undefined;
    return (pair?.key as Scalar | undefined) ?? null;
  }
  const node = document.getIn(path, true);
  return isNode(node) ? node : null;
}
