import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appenderXml, registerAppender } from '../../src/commands/appender.ts';
import { runCommand } from './command-under-test.ts';

const run = (...argv: string[]) => runCommand(registerAppender, ['appender', ...argv]);

const OWN =
  '/headcount/2;%rownum{2147483647};%longIso8601date;%hostname;%property{Command};%property{Result};' +
  '%property{ProxySessionId};%property{ProxyPackageId};%property{RequestSequenceId};%property{Origin};' +
  '%property{ObjectId};%property{UserDirectory};%property{UserId};%property{Context};%encodedmessage';
const BUTLER_SOS =
  '%hostname;%property{Command};%property{UserDirectory};%property{UserId};%property{Origin};' +
  '%property{Context};%message';

describe('headcount appender', () => {
  it('prints our own layout for the proxy', async () => {
    const { stdout, exitCode } = await run('--host', '10.1.2.3');
    const elements = elementsOf(stdout);
    expect(exitCode).toBe(0);
    expect(paramsOf(elements, 'conversionpattern')).toEqual([OWN]);
    expect(paramsOf(elements, 'remoteAddress')).toEqual(['10.1.2.3']);
    expect(paramsOf(elements, 'remotePort')).toEqual(['9997']);
    expect(paramsOf(elements, 'encoding')).toEqual(['utf-8']);
    expect(paramsOf(elements, 'stringToMatch')).toEqual([
      'Start session for user',
      'Stop session for user',
      'connection Opened for session',
      'connection Closed for session',
    ]);
    expect(namesOf(elements, 'logger')).toEqual(['AuditActivity.Proxy']);
  });

  it('prints the two layouts of Butler SOS', async () => {
    const elements = elementsOf(
      (await run('--host', 'headcount.example.com', '--port', '19997', '--butler-sos')).stdout,
    );
    expect(paramsOf(elements, 'conversionpattern')).toEqual([
      `/qseow-proxy-session/;${BUTLER_SOS}`,
      `/qseow-proxy-connection/;${BUTLER_SOS}`,
    ]);
    expect(paramsOf(elements, 'remotePort')).toEqual(['19997', '19997']);
    expect(namesOf(elements, 'logger')).toEqual(['AuditActivity.Proxy']);
  });

  it('takes the old spelling --peer for --butler-sos', async () => {
    const [old, now] = [await run('--host', 'a', '--peer'), await run('--host', 'a', '--butler-sos')];
    expect(now.exitCode).toBe(0);
    expect(old).toEqual(now);
  });

  it('prints the rejections for the repository', async () => {
    const { stdout } = await run('--host', '::1', '--service', 'repository');
    const elements = elementsOf(stdout);
    expect(paramsOf(elements, 'conversionpattern')).toEqual([OWN]);
    expect(paramsOf(elements, 'stringToMatch')).toContain('UsageDenied');
    expect(namesOf(elements, 'logger')).toEqual(['AuditSecurity.Repository']);
    expect(stdout).toContain('C:\\ProgramData\\Qlik\\Sense\\Repository\\LocalLogConfig.xml');
  });

  it.each(['proxy', 'repository', 'butler-sos'] as const)(
    'fits the schema of Qlik and itself (%s)',
    (template) => {
      const elements = elementsOf(appenderXml({ template, host: 'h', port: 1 }));
      // Qlik validates: inside an appender filters come first, then parameters, then the layout, and nothing else.
      for (const appender of elements.filter(({ tag }) => tag === 'appender')) {
        const tags = elements.filter(({ parent }) => parent === appender).map(({ tag }) => tag);
        expect(tags.join(' ')).toMatch(/^(filter )+(param ){3}layout$/);
      }
      expect(
        elements.filter(({ tag }) => tag === 'appender-ref').map(({ attributes }) => attributes['ref']),
      ).toEqual(namesOf(elements, 'appender'));
      // A converter that is not declared would print its own name.
      const declared = new Set(paramsOf(elements, 'name'));
      for (const pattern of paramsOf(elements, 'conversionpattern')) {
        const used = [...pattern.matchAll(/%(\w+)/g)].map((match) => match[1] ?? '');
        expect(used.filter((name) => !['property', 'message'].includes(name) && !declared.has(name))).toEqual(
          [],
        );
      }
    },
  );

  it('names the folder, the firewall rule and the reason for an address in the file itself', async () => {
    const { stdout } = await run('--host', '10.1.2.3', '--port', '5000');
    expect(stdout).toContain('C:\\ProgramData\\Qlik\\Sense\\Proxy\\LocalLogConfig.xml');
    expect(stdout).toMatch(
      /New-NetFirewallRule .*-Direction Inbound -Protocol UDP -LocalPort 5000 -Action Allow/,
    );
    expect(stdout).toContain('prefer an IP address');
    expect(stdout).not.toContain('@');
  });

  it.each(['"><evil a="', "a'b", '<!--', '--> <x/>', '&amp;', '$&', '@PORT@', 'xn--bcher-kva.example'])(
    'escapes the host %j',
    (host) => {
      const elements = elementsOf(appenderXml({ template: 'proxy', host, port: 9997 }));
      expect(elements.map(({ tag }) => tag)).not.toContain('evil');
      expect(paramsOf(elements, 'remoteAddress')).toEqual([host]);
    },
  );

  it.each([
    [[], '--host is missing: the address at which the node finds Headcount'],
    [['--host', '<x>'], '--host: expected an IP address or a host name, got "<x>"'],
    [['--host', 'a', '--port', '0'], '--port: expected integer 1-65535, got "0"'],
    [['--host', 'a', '--port', '65536'], '--port: expected integer 1-65535, got "65536"'],
    [['--host', 'a', '--port', '1e3'], '--port: expected integer 1-65535, got "1e3"'],
    [['--host', 'a', '--service', 'engine'], '--service: expected proxy or repository, got "engine"'],
    [
      ['--host', 'a', '--butler-sos', '--service', 'repository'],
      '--butler-sos: that layout has no rejected sessions; leave out --butler-sos for the repository',
    ],
  ])('refuses %j with 64', async (argv, message) => {
    const { stdout, stderr, exitCode } = await run(...argv);
    expect([stdout, stderr, exitCode]).toEqual(['', `headcount appender: ${message}\n`, 64]);
  });
});

describe('headcount appender --output', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headcount-appender-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (...argv: string[]) =>
    runCommand(registerAppender, ['appender', '--host', '10.1.2.3', ...argv], folder);

  it.each([
    ['Proxy', []],
    ['Proxy', ['--butler-sos']],
    ['Repository', ['--service', 'repository']],
  ])('writes what it would print as UTF-8, and says where it belongs: %s %j', async (place, argv) => {
    const name = `${place}${argv.length}.xml`;
    const { stdout, stderr, exitCode } = await write(...argv, '--output', name);
    expect([stdout, exitCode]).toEqual(['', 0]);
    expect(stderr).toBe(
      `${name}: written; it belongs at C:\\ProgramData\\Qlik\\Sense\\${place}\\LocalLogConfig.xml of every node with that service\n`,
    );
    const written = readFileSync(join(folder, name));
    expect(written.equals(Buffer.from((await write(...argv)).stdout, 'utf8'))).toBe(true);
    expect(written.toString('latin1')).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>/);
  });

  it.each(['README.md', 'docs/moving-over.md'])('works as %s says for PowerShell', async (page) => {
    const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
    const [, command = ''] = /```powershell\s+npm\.cmd run headcount -- (appender .*)\n/.exec(text) ?? [];
    const { stderr } = await runCommand(registerAppender, command.split(' '), folder);
    expect(stderr).toMatch(/^LocalLogConfig\.xml: written; /);
    rmSync(join(folder, 'LocalLogConfig.xml'));
  });

  it('leaves a file alone that is there already', async () => {
    writeFileSync(join(folder, 'mine.xml'), 'mine');
    const { stdout, stderr, exitCode } = await write('--output', 'mine.xml');
    const message = '--output: mine.xml is there already; remove it first or merge into it';
    expect([stdout, stderr, exitCode]).toEqual(['', `headcount appender: ${message}\n`, 64]);
    expect(readFileSync(join(folder, 'mine.xml'), 'utf8')).toBe('mine');
  });

  it('says in one line that a folder is not there', async () => {
    await expect(write('--output', 'gone/a.xml')).rejects.toThrow(
      /^ENOENT: no such file or directory.*a\.xml'$/,
    );
  });
});

interface Element {
  readonly tag: string;
  readonly parent: Element | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Every element in order; throws where the text is not well-formed. Knows as much XML as our files use. */
function elementsOf(xml: string): Element[] {
  expect(xml).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>\n/);
  const body = xml.replace(/^<\?xml[^?]*\?>/, '').replace(/<!--((?:(?!--)[\s\S])*)-->/g, '');
  const elements: Element[] = [];
  let open: Element | null = null;
  let rest = body;
  while (rest.trim() !== '') {
    const match = /^\s*<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)\s*(\/?)>/.exec(rest);
    if (match === null) throw new Error(`not well-formed at: ${rest.slice(0, 80)}`);
    const [text, closing, tag = '', attributes = '', empty] = match;
    if (closing) {
      if (open?.tag !== tag) throw new Error(`</${tag}> closes <${open?.tag ?? ''}>`);
      open = open.parent;
    } else {
      const element: Element = { tag, parent: open, attributes: attributesOf(attributes) };
      elements.push(element);
      if (!empty) open = element;
    }
    rest = rest.slice(text.length);
  }
  if (open !== null) throw new Error(`<${open.tag}> is not closed`);
  return elements;
}

function attributesOf(text: string): Record<string, string> {
  const plain: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  const decoded = (value: string) =>
    value.replace(/&(\w*;?)/g, (whole, name: string) => {
      const char = plain[name.replace(';', '')];
      if (char === undefined || !name.endsWith(';')) throw new Error(`bare ${whole}`);
      return char;
    });
  return Object.fromEntries(
    [...text.matchAll(/([a-z]+)="([^"]*)"/g)].map((m) => [m[1] ?? '', decoded(m[2] ?? '')]),
  );
}

function paramsOf(elements: readonly Element[], name: string): string[] {
  const params = elements.filter(({ tag, attributes }) => tag === 'param' && attributes['name'] === name);
  return params.map(({ attributes }) => attributes['value'] ?? '');
}

function namesOf(elements: readonly Element[], wanted: string): string[] {
  return elements.filter(({ tag }) => tag === wanted).map(({ attributes }) => attributes['name'] ?? '');
}
