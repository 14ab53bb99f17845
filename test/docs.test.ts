import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const PAGES = globSync(['*.md', 'docs/*.md', 'bench/*.md', '.github/*.md'], { cwd: ROOT }).toSorted();
/** Words that the glossary defines. */
const WORDS = [
  ...[
    'session',
    'connection',
    'user',
    'host',
    'virtual proxy',
    'receiver',
    'sink',
    'journal',
    'layout',
    'quality',
  ],
  ...['row', 'event', 'message', 'key', 'blacklist', 'snapshot', 'poll', 'trouble'],
];

interface Block {
  readonly language: string;
  readonly text: string;
}

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** The fenced blocks of a page, in order. */
function blocksOf(page: string): Block[] {
  const fences = read(page).matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms);
  return [...fences].map(([, , language = '', text = '']) => ({ language, text }));
}

const isShell = ({ language }: Block) => language === 'sh' || language === 'bash';
const isPowerShell = ({ language }: Block) => language === 'powershell';

/** A page without its fenced blocks, in which brackets are no links and `#` is no heading. */
const proseOf = (page: string) => read(page).replace(/^( *)```.*?^\1```$/gms, '');

/** The names that GitHub gives to the headings of a page, for links to them. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The links of a page to files and headings of ours. */
function linksOf(page: string): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

describe('the README', () => {
  it('has at most 150 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('has a PowerShell twin right behind each block of shell commands', () => {
    const blocks = blocksOf('README.md');
    expect(blocks.filter(isShell).length).toBeGreaterThan(2);
    const alone = blocks.filter((block, index) => {
      const next = blocks[index + 1];
      return isShell(block) && !(next !== undefined && isPowerShell(next));
    });
    expect(alone).toEqual([]);
  });

  it('needs no tool that Windows lacks', () => {
    for (const { text } of blocksOf('README.md')) expect(text).not.toMatch(/\b(nc|openssl|jq|sed|awk)\b/);
  });
});

describe.each(PAGES)('%s', (page) => {
  it('has no link to a file or a heading that does not exist', () => {
    expect(linksOf(page).filter((link) => isBroken(page, link))).toEqual([]);
  });

  it('names only scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const named = [...read(page).matchAll(/\bnpm(?:\.cmd)? run (?:--silent )?([a-z][a-z-]*)/g)];
    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });

  it('has PowerShell commands that Windows PowerShell 5.1 understands', () => {
    for (const { text } of blocksOf(page).filter(isPowerShell)) {
      // There is no && in 5.1, `npm` is a script that swallows `--`, and a line goes on behind a backtick.
      expect(text).not.toMatch(/&&|\bnpm |\\$/m);
    }
  });

  it('says Butler SOS, not peer', () => {
    expect(read(page)).not.toMatch(/(?<!--|--layout )\bpeer\b/);
  });

  it('says what to clone', () => {
    expect(read(page)).not.toMatch(
      /git clone (?!.*https:\/\/github\.com\/headcount-for-qlik-sense\/headcount)/,
    );
  });
});

it('every word of the glossary has one sentence', () => {
  const entries = [...read('docs/glossary.md').matchAll(/^\| \*\*(.+?)\*\* \| (.*) \|$/gm)];
  const words = entries.map(([, word = '']) => word);
  expect(words).toEqual(expect.arrayContaining(WORDS));
  expect(new Set(words).size).toBe(words.length);
  for (const [, , meaning = ''] of entries) expect(meaning).toMatch(/^[A-Z][^.]*(\.md[^.]*)?\.$/);
});

it('the page of the API has the routes that the API describes', async () => {
  const listed = [...read('docs/api.md').matchAll(/^\| `((?:GET|POST) \/[^`]*)` \|/gm)].map(
    ([, route]) => route,
  );
  expect(listed.toSorted()).toEqual((await routesDescribed()).toSorted());
});

/** The routes in the OpenAPI description of a Headcount that runs on free ports. */
async function routesDescribed(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-docs-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `receivers: []\nstore: { path: ${JSON.stringify(folder)} }\napi: { port: 0 }\nlog: { format: json }\n`,
  );
  const program = spawn(process.execPath, ['src/main.ts', 'start', '--config', file], { cwd: ROOT });
  onTestFinished(() => {
    program.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface(program.stdout)) {
    const { msg, api } = JSON.parse(line) as { readonly msg: string; readonly api?: string };
    if (msg !== 'listening' || api === undefined) continue;
    const { paths } = (await (await fetch(`${api}/api/v1/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, object>>;
    };
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }
  throw new Error('it never listened');
}
