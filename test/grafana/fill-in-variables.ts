/** What a dashboard shows: the time range (ms since 1970 UTC) and the values of its variables. */
export interface View {
  readonly from: number;
  readonly to: number;
  /** An IANA name, or `utc`. */
  readonly timezone: string;
  readonly variables: Readonly<Record<string, Variable>>;
}

export interface Variable {
  /** `$__all` is every one of the options. */
  readonly value: string | readonly string[];
  readonly options?: readonly string[];
}

type Format = (value: string | readonly string[]) => string;

/** `$name`, `[[name:format]]` and `${name.field:format}`, as in Grafana's `@grafana/scenes`. */
const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.[^:}]+)?(?::([^}]+))?\}/g;

/** Grafana's own formats that occur. A double quote gets a backslash, which SQL takes as a part of the text. */
const FORMATS: Readonly<Record<string, Format>> = {
  sqlstring: (value) =>
    each(value, (text) => `'${text.replaceAll("'", "''").replaceAll('"', '\\"')}'`).join(),
  raw: String,
};

/** What the QuestDB plugin does with a variable without a format: quotes in the texts of a list stay as they are. */
const formatOfPlugin: Format = (value) => (typeof value === 'string' ? value : `'${value.join("','")}'`);

/** What the browser makes of the SQL of a panel before it sends it: the plugin's `applyTemplateVariables`. */
export function fillInVariables(sql: string, view: View, intervalMs: number): string {
  return conditionalAll(sql, view).replace(REFERENCE, (match, bare, bracketed, format2, braced, format3) => {
    const value = valueIn(bare ?? bracketed ?? braced, view, intervalMs);
    if (value === null) return match;
    const name = format2 ?? format3;
    const format = name === undefined ? formatOfPlugin : FORMATS[name];
    if (format === undefined) throw new Error(`unknown format ${name}`);
    return format(value);
  });
}

function valueIn(name: string, view: View, intervalMs: number): string | readonly string[] | null {
  if (name === '__timezone') return view.timezone;
  if (name === '__interval_ms') return String(intervalMs);
  const variable = view.variables[name];
  if (variable === undefined) return null;
  return isAll(variable) ? (variable.options ?? []) : variable.value;
}

function isAll({ value }: Variable): boolean {
  return value.toString() === '$__all';
}

/** `$__conditionalAll(condition, $variable)` is `1=1` where the variable is everything or empty. The last one goes first. */
function conditionalAll(sql: string, { variables }: View): string {
  const macro = '$__conditionalAll(';
  let text = sql;
  for (let at = text.lastIndexOf(macro); at !== -1; at = text.lastIndexOf(macro)) {
    const [condition, reference, ...more] = argumentsAt(text, at + macro.length - 1);
    if (condition === undefined || reference === undefined || more.length > 0) return text;
    const name = /(?<=\$\{)\w+(?=\})|(?<=\$)\w+/.exec(reference.trim())?.[0];
    const variable = name === undefined ? undefined : variables[name];
    const isEverything = variable !== undefined && (variable.value.toString() === '' || isAll(variable));
    text = text.replace(`${macro}${condition},${reference})`, () => (isEverything ? '1=1' : condition));
  }
  return text;
}

/** What stands between commas in the parentheses that open at `open`; nothing where they never close. */
function argumentsAt(text: string, open: number): string[] {
  const found: string[] = [];
  let [depth, from] = [0, open + 1];
  for (let at = open; at < text.length; at += 1) {
    const character = text[at];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    const ends = depth === 0 || (character === ',' && depth === 1);
    if (!ends) continue;
    found.push(text.slice(from, at));
    from = at + 1;
    if (depth === 0) return found;
  }
  return [];
}

function each(value: string | readonly string[], format: (text: string) => string): string[] {
  return (typeof value === 'string' ? [value] : [...value]).map(format);
}
