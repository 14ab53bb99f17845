import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';
import { parseAppsFile } from '../../src/config/files.ts';

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ID = 'A421F4A2-C311-4EF4-BA41-FE2E6A2B0D69';

describe('a file with the names of apps', () => {
  it.each([
    ['commas', `id,name\n${ID},Sales\n`],
    ['semicolons', `appId;appName\r\n${ID};Sales\r\n`],
    ['tabs, and no line end', `id\tname\n${ID}\tSales`],
    ['a byte order mark and quotes', `\uFEFF"App ID","App name"\n"${ID}","Sales"\n`],
    ['other columns, in any order', `Published;NAME;Owner;Id\nyes;Sales;LAB\\ann;${ID};more\n`],
    ['the delimiter of the file in quotes only', `id;"name";"a, b, c"\n${ID};Sales;1\n`],
    ['blank lines and spaces', `\n\nid , name\n\n ${ID} , Sales \n,\n\n`],
    ['columns of two kinds: those of the app count', `id,name,app_id,app_name\n1,Sheet,${ID},Sales\n`],
    ['the same line twice', `id,name\n${ID},Sales\n${ID.toLowerCase()},Sales\n`],
  ])('may have %s', (_, csv) => {
    expect([...parseAppsFile(csv, 'apps.csv')]).toEqual([[ID.toLowerCase(), 'Sales']]);
  });

  it('keeps what is in quotes', () => {
    const csv = 'id,name\n1,"Sales, ""new"""\n2,12" disc\n3,größe; 日本\n';
    expect([...parseAppsFile(csv, 'apps.csv').values()]).toEqual(['Sales, "new"', '12" disc', 'größe; 日本']);
  });

  const columns = 'apps.csv:1 expected a first line with the columns id and name';
  it.each([
    ['', [columns]],
    ['1,Sales\n', [columns]],
    ['id\n1\n', [columns]],
    ['\n\nid,title\n', [columns.replace(':1', ':3')]],
    [
      'id,name\n1,Sales\n2\n,Buying\n1,Buying\n3,"two\nlines"\n',
      [
        'apps.csv:3 expected the name of an app',
        'apps.csv:4 expected the id of an app',
        'apps.csv:5 this app has another name already, on line 2',
        'apps.csv:7 expected the name of an app without control characters',
      ],
    ],
    ['id,name\n1,Sales\n2,"Buying\n3,Stock\n', ['apps.csv:3 a quote is not closed']],
    ['id;name\n1;Sales\n2;"Buying" x\n', ['apps.csv:3 text behind a closing quote']],
  ])('is refused by line when it is %j', (csv, problems) => {
    expect(problemsOf(() => parseAppsFile(csv, 'apps.csv'))).toEqual(problems);
  });

  it('is refused in a few lines however much is wrong', () => {
    const problems = problemsOf(() => parseAppsFile(`id,name\n${'x,\n'.repeat(10_000)}`, 'apps.csv'));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('apps.csv: 9980 more problems');
  });

  it('gives only lines with a place, and never anything but a ConfigError', () => {
    const words = [
      'id',
      'name',
      ',',
      ';',
      '\t',
      '"',
      '\n',
      '\r\n',
      ' ',
      'a',
      '\u0000',
      '\uFEFF',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (parts) => {
        for (const csv of [parts.join(''), `id,name\n${parts.join('')}`]) {
          for (const line of problemsOf(() => parseAppsFile(csv, 'apps.csv'))) {
            expect(line).toMatch(/^apps\.csv:\d+ \w/);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('apps.file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headcount-apps-'));
    writeFileSync(join(folder, 'apps.csv'), `id;name\n${ID};Sales\n2;Buying\n`);
    writeFileSync(join(folder, 'latin.csv'), Buffer.from('id;name\n1;Größe\n', 'latin1'));
    writeFileSync(join(folder, 'broken.csv'), 'id;name\n1\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const load = (text: string, environment = {}) => {
    writeFileSync(join(folder, 'config.yaml'), text);
    return loadConfig('config.yaml', folder, environment);
  };

  it('lies beside the configuration, whose own names stand before it', () => {
    const { apps } = load(`apps:\n  file: apps.csv\n  ${ID}: Sales of today\n  3: Stock\n`);
    expect(Object.fromEntries(apps.byId)).toEqual({
      [ID.toLowerCase()]: 'Sales of today',
      '2': 'Buying',
      '3': 'Stock',
    });
    expect(load(`apps: { file: "${join(folder, 'apps.csv')}" }`).apps.byId.size).toBe(2);
    expect(load(`apps: { file: "\${NAME}.csv" }`, { NAME: 'apps' }).apps.byId.size).toBe(2);
  });

  it.each([
    ['gone.csv', 'config.yaml:2:9 apps.file: gone.csv: there is no such file'],
    ['.', 'config.yaml:2:9 apps.file: .: is a directory, expected a file'],
    ['latin.csv', 'config.yaml:2:9 apps.file: latin.csv:1:1 not UTF-8 text, save it as UTF-8'],
    ['broken.csv', 'broken.csv:2 expected the name of an app'],
    [`\${NAME}.csv`, `config.yaml:2:9 apps.file: \${NAME}.csv: there is no such file`],
    ['', 'config.yaml:2:9 apps.file: expected a CSV file, got ""'],
  ])('is a problem when it is %j', (file, problem) => {
    const text = `apps:\n  file: "${file}"\n`;
    expect(problemsOf(() => load(text, { NAME: 'nowhere' }))).toEqual([problem]);
  });
});
