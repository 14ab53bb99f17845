import { lstatSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import {
  type AccessToken,
  type TokenApplication,
  type TokenScope,
  tokenProblem,
} from '../api/access/api.schema.ts';
import { text } from '../contract/settings.ts';
import { ConfigError } from './errors.ts';

const MAX_BYTES = 4 * 1024 ** 2;

/** The file to read, or null when none was named and the folder has no `config.yaml`. */
export function findConfigFile(path: string | null, cwd: string): string | null {
  if (path !== null) return isAbsolute(path) ? path : join(cwd, path);
  const usual = join(cwd, 'config.yaml');
  // Not `existsSync`: a link that leads nowhere must fail loudly instead of giving the defaults.
  return lstatSync(usual, { throwIfNoEntry: false }) === undefined ? null : usual;
}

/** The text of a file, or a ConfigError of one line; `shownAs` is what the message calls it. */
export function readConfigFile(file: string, shownAs: string): string {
  let bytes: Uint8Array;
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw new ConfigError([`${shownAs}: is a directory, expected a file`]);
    if (found.size > MAX_BYTES) throw new ConfigError([`${shownAs}: larger than 4 MiB`]);
    bytes = readFileSync(file);
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError([`${shownAs}: ${whyUnreadable(error)}`]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new ConfigError([`${shownAs}:1:1 ${utf16 ? 'UTF-16 text' : 'not UTF-8 text'}, save it as UTF-8`]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ELOOP: 'links that lead in a circle',
};

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return REASONS[code] ?? `cannot be read (${code})`;
}

/** What is read, or null where that cannot be; why not is then among the problems. */
export function gathering<T>(problems: string[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}

/** A token as the schema gives it: it has one of `token` and `tokenFile`. */
interface ConfiguredToken {
  readonly name: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly scopes: readonly TokenScope[];
  readonly application?: TokenApplication | undefined;
}

/**
 * The tokens, with what is in their files. `pathOf` finds a file, `shownAs` is what messages call a token's key.
 * @throws ConfigError with the problems of all tokens and files
 */
export function readTokens(
  configured: readonly ConfiguredToken[],
  pathOf: (file: string) => string,
  shownAs: (index: number, key: 'token' | 'tokenFile') => string,
): AccessToken[] {
  const problems: string[] = [];
  const tokens: AccessToken[] = [];
  for (const [index, { token, tokenFile, ...rest }] of configured.entries()) {
    const where = shownAs(index, tokenFile === undefined ? 'token' : 'tokenFile');
    const text = token ?? gathering(problems, () => readConfigFile(pathOf(tokenFile ?? ''), where).trim());
    if (text === null) continue;
    const problem = tokenProblem(text);
    const same = tokens.findIndex((other) => other.token === text);
    if (problem !== null) problems.push(`${where}: ${problem}`);
    // Which of the two scopes would count?
    else if (same >= 0) problems.push(`${where}: same token as api.tokens[${same}]`);
    tokens.push({ ...rest, token: text });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return tokens;
}

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
