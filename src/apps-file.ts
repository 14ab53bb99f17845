import { CsvError, parse } from 'csv-parse/sync';
import { ConfigError } from './config-errors.ts';
import { text } from './core/settings.ts';

/** Titles of the columns, without case, spaces and punctuation; the first that is there is taken. */
const ID_TITLES = ['appid', 'id'];
const NAME_TITLES = ['appname', 'name'];
const DELIMITERS = [',', ';', '\t'];
const MOST_PROBLEMS = 20;

const appId = text('the id of an app');
const appName = text('the name of an app');

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Names of apps from CSV with a header: lower-cased id to name. `fileName` is what the messages call it.
 * @throws ConfigError with what is wrong, by line
 */
export function parseAppsFile(csv: string, fileName: string): ReadonlyMap<string, string> {
  const [header, ...lines] = linesOf(csv, fileName);
  const titles = header?.record.map((title) => title.toLowerCase().replace(/[^a-z]/g, '')) ?? [];
  const idPlace = placeOf(ID_TITLES, titles);
  const namePlace = placeOf(NAME_TITLES, titles);
  if (idPlace === undefined || namePlace === undefined) {
    throw new ConfigError([
      `${fileName}:${header?.info.lines ?? 1} expected a first line with the columns id and name`,
    ]);
  }

  const names = new Map<string, string>();
  const lineOf = new Map<string, number>();
  const problems: string[] = [];
  for (const { record, info } of lines) {
    const [id, name] = [appId.safeParse(record[idPlace]), appName.safeParse(record[namePlace])];
    const report = (problem: string) => problems.push(`${fileName}:${info.lines} ${problem}`);
    for (const { error } of [id, name]) if (error !== undefined) report(error.issues[0]?.message ?? '');
    if (!id.success || !name.success) continue;
    const key = id.data.toLowerCase();
    const known = names.get(key);
    if (known !== undefined && known !== name.data) {
      report(`this app has another name already, on line ${lineOf.get(key)}`);
    }
    names.set(key, name.data);
    lineOf.set(key, info.lines);
  }
  if (problems.length > MOST_PROBLEMS) {
    const more = `${fileName}: ${problems.length - MOST_PROBLEMS} more problems`;
    throw new ConfigError([...problems.slice(0, MOST_PROBLEMS), more]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return names;
}

function linesOf(csv: string, fileName: string): Line[] {
  let last = 0;
  try {
    return parse(csv, {
      bom: true,
      delimiter: delimiterOf(csv),
      info: true,
      on_record: (record, { lines }) => {
        last = lines;
        return record;
      },
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as Line[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const open = error.code === 'CSV_QUOTE_NOT_CLOSED';
    const problem = open ? 'a quote is not closed' : 'text behind a closing quote';
    throw new ConfigError([`${fileName}:${last + 1} ${problem}`]);
  }
}

/** The most frequent one of the first line, quoted text aside. */
function delimiterOf(csv: string): string {
  const [first = ''] = csv.trimStart().split('\n', 1);
  const bare = first.replace(/"(?:[^"]|"")*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length;
  return DELIMITERS.reduce((most, each) => (count(each) > count(most) ? each : most));
}

function placeOf(titles: readonly string[], found: readonly string[]): number | undefined {
  return titles.map((title) => found.indexOf(title)).find((place) => place >= 0);
}
