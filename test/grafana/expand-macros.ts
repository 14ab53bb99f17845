/** What the back end of Grafana knows of a query; times are ms since 1970 UTC. */
export interface QueryContext {
  readonly from: number;
  readonly to: number;
  readonly intervalMs: number;
}

type Macro = (context: QueryContext, parameters: readonly string[]) => string;

/** Macros of the QuestDB plugin 0.1.8, longer names first, as Grafana's SQL library goes through them. */
const MACROS: readonly (readonly [name: string, macro: Macro])[] = [
  ['sampleByInterval', ({ intervalMs }) => sampleBy(intervalMs)],
  ['timeFilter', timeFilter],
  ['fromTime', ({ from }) => timestamp(from)],
  ['toTime', ({ to }) => timestamp(to)],
];

/** What the plugin's back end makes of SQL before it sends it to QuestDB. Alert rules begin here. */
export function expandMacros(sql: string, context: QueryContext): string {
  let text = sql;
  for (const [name, macro] of MACROS) {
    for (const { whole, parameters } of usesOf(text, name)) {
      text = text.replaceAll(whole, () => macro(context, parameters));
    }
  }
  return text;
}

function usesOf(text: string, name: string): { whole: string; parameters: readonly string[] }[] {
  return [...text.matchAll(new RegExp(`\\$__${name}\\b`, 'g'))].map((match) => {
    const end = match.index + match[0].length;
    const { parameters, length } = parametersAt(text.slice(end));
    return { whole: text.slice(match.index, end + length), parameters };
  });
}

function parametersAt(text: string): { parameters: string[]; length: number } {
  if (!text.startsWith('(')) return { parameters: [], length: 0 };
  const parameters: string[] = [];
  let [depth, parameter] = [0, ''];
  for (const [at, character] of [...text].entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    const ends = depth === 0 || (character === ',' && depth === 1);
    if (ends) parameters.push(parameter.trim());
    if (depth === 0) return { parameters, length: at + 1 };
    parameter = ends || (at === 0 && character === '(') ? '' : parameter + character;
  }
  throw new Error('failed to parse macro arguments (missing close bracket?)');
}

function timeFilter({ from, to }: QueryContext, parameters: readonly string[]): string {
  const [column, ...more] = parameters;
  if (column === undefined || more.length > 0) throw new Error('unexpected number of arguments');
  return `${column} >= ${timestamp(from)} AND ${column} <= ${timestamp(to)}`;
}

function timestamp(ms: number): string {
  return `cast(${Math.trunc(ms * 1000)} as timestamp)`;
}

/** Whole units only: an hour and a half is an hour. */
function sampleBy(intervalMs: number): string {
  const [hours, seconds] = [Math.floor(intervalMs / 3_600_000), Math.floor(intervalMs / 1000)];
  if (hours >= 24 && intervalMs === hours * 3_600_000) return `${Math.floor(hours / 24)}d`;
  if (hours > 0) return `${hours}h`;
  if (seconds > 0) return `${seconds}s`;
  return `${Math.max(1, Math.floor(intervalMs))}T`;
}
