import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';

/** One thing that is wrong. `line` and `column` count from 1; the path is empty where none can be named. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly path: Path;
  readonly text: string;
}

/** A YAML text as plain values, and where each of them is written. */
export interface YamlText {
  /** Null when the text has no content or cannot be read. */
  readonly value: unknown;
  /** What is wrong with the text as YAML, whatever the configuration allows. */
  readonly problems: readonly Problem[];
  /** Whether `value` can be trusted enough to look for more problems in it. */
  readonly readable: boolean;
  /** Where the value (or its key) is; for a missing one, where its nearest parent is. */
  locate(path: Path, part: 'key' | 'value'): { readonly line: number; readonly column: number };
}

const PLAINER: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here; a file holds one configuration',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  BAD_ALIAS: 'text that begins with * or & needs quotes: "*"',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line, or a line indented too far',
  NON_STRING_KEY: 'a key must be plain text',
  MULTILINE_IMPLICIT_KEY: 'expected "key: value" in one line',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAG_RESOLVE_FAILED: 'text that begins with ! needs quotes',
  BAD_SCALAR_START: 'text that begins with a character such as @, `, % or | needs quotes',
  BAD_DQ_ESCAPE: 'no such escape; between single quotes a backslash stands for itself',
};
const MAX_ALIASES = 100;
/** As in `{ port:1 }` or `{ password: a, b }`: what looks like a key there may be a piece of a password. */
const BARE_KEY =
  'expected "key: value", with a space after the colon; text with , [ ] { or } in it needs quotes';
const ENDLESS = 'this alias (*name) is inside what it stands for, which would have no end';

/** Reads YAML 1.2. Never throws: whatever is wrong is in `problems`. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Repeated keys are found below, with the line of the first one and without its quadratic search.
    uniqueKeys: false,
    stringKeys: true,
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const locate = (path: Path, part: 'key' | 'value') => at(offsetOf(document, path, part));

  const syntax = syntaxProblems([...document.errors, ...document.warnings], at);
  if (syntax.length > 0) return { value: null, problems: syntax, readable: false, locate };
  const problems = keyProblems(document, at);
  const fatal = problems.filter(({ text }) => text === BARE_KEY || text === ENDLESS);
  if (fatal.length > 0) return { value: null, problems: fatal, readable: false, locate };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problems, readable: true, locate };
  } catch {
    // Only aliases make toJS throw: one without its anchor (already named) or too many of them.
    const bomb = { ...at(firstAlias(document)), path: [], text: `more than ${MAX_ALIASES} aliases (*name)` };
    return { value: null, problems: problems.length > 0 ? problems : [bomb], readable: false, locate };
  }
}

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias(_key, node) {
      offset = startOf(node) ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

type At = (offset: number) => { readonly line: number; readonly column: number };

/** The first one of each line: what follows it there is mostly its echo. */
function syntaxProblems(errors: readonly YAMLError[], at: At): Problem[] {
  const byLine = new Map<number, Problem>();
  const tooDeep = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  for (const error of tooDeep === undefined ? errors : [tooDeep]) {
    const position = at(error.pos[0]);
    // What follows is a piece of the file, which may be a password.
    const text = PLAINER[error.code] ?? error.message.split(/(?<=\w): |:?\n/, 1)[0] ?? '';
    if (!byLine.has(position.line)) byLine.set(position.line, { ...position, path: [], text });
  }
  return [...byLine.values()];
}

/** Repeated keys, `__proto__` and aliases that lead nowhere or never end, in the whole document. */
function keyProblems(document: Document, at: At): Problem[] {
  const problems: Problem[] = [];
  /** The node that is being walked and those it is in. */
  const around = new Set<unknown>();
  const report = (node: unknown, path: Path, text: string) =>
    problems.push({ ...at(startOf(node) ?? 0), path, text });

  function walkMap(map: YAMLMap, path: Path): void {
    const seen = new Map<string, unknown>();
    for (const { key, value } of map.items) {
      if (value === null) report(key, [], BARE_KEY);
      const name = nameOf(key);
      const here = [...path, name];
      const first = seen.get(name);
      if (first !== undefined) {
        report(key, here, `written twice, first on line ${at(startOf(first) ?? 0).line}`);
      } else if (name === '__proto__') report(key, here, 'this word cannot be a key');
      else seen.set(name, key);
      walk(value, here);
    }
  }

  function walk(node: unknown, path: Path): void {
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) {
        report(node, path, 'no such anchor above; text that begins with * needs quotes');
      } else if (around.has(target)) report(node, path, ENDLESS);
      return;
    }
    around.add(node);
    if (isMap(node)) walkMap(node as YAMLMap, path);
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
    around.delete(node);
  }

  walk(document.contents, []);
  return problems;
}

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
