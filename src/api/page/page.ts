import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { PAGE_FILES } from '../access/foreign-pages.ts';
import { ApiError } from '../errors.ts';
import { TEXT } from '../schemas.ts';
import { type PageFile, pageFiles } from './page-files.ts';

/** The page as it is sent: what `/` answers, and the files that it names, by their path below `page/BUILD/`. */
export interface BuiltPage {
  readonly html: string;
  /** What a browser may do with it: nothing from elsewhere, and no script or style but these files. */
  readonly policy: string;
  /** Changes with every byte of any file, so that a browser may keep the files for ever. */
  readonly build: string;
  readonly files: ReadonlyMap<string, SentFile>;
}

interface SentFile extends PageFile {
  readonly compressed: Buffer;
}

let built: BuiltPage | null = null;

/**
 * Builds it once a process, for whoever asks first: that costs half as much as all else of a start, and most programs on a server are
 * started more often than looked at. What comes meanwhile waits in the buffers of the receivers.
 */
export function builtPage(): BuiltPage {
  built ??= build();
  return built;
}

function build(): BuiltPage {
  const { files, libraries } = pageFiles();
  const sent = new Map(
    [...files].map(([path, file]) => [path, { ...file, compressed: gzipSync(file.body, { level: 9 }) }]),
  );
  const digest = hash('sha256', [...files].map(([path, { body }]) => `${path}\n${body}`).join('\n'), 'hex');
  const name = digest.slice(0, 16);
  const base = `page/${name}`;
  const imports = Object.fromEntries(libraries.map(([module, path]) => [module, `./${base}/${path}`]));
  const importMap = JSON.stringify({ imports });
  const policy =
    `default-src 'none'; script-src 'self' 'sha256-${hash('sha256', importMap, 'base64')}'; style-src 'self'; ` +
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  const modules = libraries.map(([, path]) => path);
  return { html: shell(base, importMap, modules), policy, build: name, files: sent };
}

/** All addresses are relative, so that a reverse proxy may put the page anywhere. */
function shell(base: string, importMap: string, modules: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Headcount</title>
<link rel="icon" href="${base}/icon.svg">
<link rel="stylesheet" href="${base}/page.css">
<script type="importmap">${importMap}</script>
<script src="${base}/libraries/uplot.js" defer></script>
${modules.map((path) => `<link rel="modulepreload" href="${base}/${path}">`).join('\n')}
<script type="module" src="${base}/page.js"></script>
</head>
<body>
<div id="page"></div>
<noscript>
<h1>Headcount</h1>
<p>This page shows who is on Qlik Sense, and needs JavaScript. The same numbers are at
<a href="api/v1/counts">api/v1/counts</a>, and who is on is at
<a href="api/v1/sessions?active=true">api/v1/sessions?active=true</a>.</p>
</noscript>
</body>
</html>
`;
}

const description = {
  summary: 'The page for people',
  response: { 200: { description: 'the page', content: { 'text/html': { schema: TEXT } } } },
};

export function registerPage(app: FastifyInstance): void {
  app.get('/', { schema: description }, async (_request, reply) => {
    const { html, policy } = builtPage();
    reply.header('content-security-policy', policy).type('text/html; charset=utf-8');
    return html;
  });
  app.get<{ Params: { build: string; '*': string } }>(
    PAGE_FILES,
    { schema: { hide: true } },
    async (request, reply) => {
      const { build, files } = builtPage();
      const file = request.params.build === build ? files.get(request.params['*']) : undefined;
      // Of another version, of which somebody has kept the page.
      if (file === undefined) throw new ApiError(404, 'this file of the page is not there any more');
      reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' });
      reply.type(file.type);
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(file.body);
      return reply.header('content-encoding', 'gzip').send(file.compressed);
    },
  );
}
