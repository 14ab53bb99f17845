import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { QualityReason } from '../sessions/quality/quality.ts';
import { countsView, type WholeView } from './counts/counts-view.ts';
import type { ApiParts } from './parts.ts';
import { TEXT } from './schemas.ts';

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
th { text-align: left; font-weight: normal; padding-right: 2rem }
td { text-align: right; font-variant-numeric: tabular-nums }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** No script, nothing from elsewhere, and no style but the one of this page. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; ` +
  "frame-ancestors 'none'";

const ROUTES = [
  ['/api/v1/counts', 'the numbers right now'],
  ['/api/v1/series?window=1h', 'their history'],
  ['/api/v1/sessions?active=true', 'who is on'],
  ['/api/v1/events', 'what happened'],
  ['/api/v1/ingest', 'what was received, and what came of it'],
  ['/readyz', 'whether Headcount is ready'],
] as const;

const REASONS = {
  warming_up: 'Headcount has not yet listened for as long as a session may last',
  downtime: 'it did not run for some time',
  drops: 'datagrams were lost',
  gap: 'lines that a node sent did not arrive',
  restart: 'the proxy of a node may have restarted',
  excluded: 'lines were left out of users that are no longer excluded',
  clock: 'the clock of a node is off, or its lines come late',
  unnumbered: 'a node sends lines of which nobody would see that one is lost',
} as const satisfies Record<QualityReason, string>;

/** The start page: the numbers right now, and where to find more. */
export function page(counts: WholeView, version: string): string {
  const { sessions, users, connections } = counts.active;
  const rows = [
    ['Active users', users],
    ['Sessions', sessions],
    ['Connections', connections],
  ] as const;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Headcount</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Headcount</h1>
<table>
${rows.map(([label, value]) => `<tr><th scope="row">${label}</th><td>${value}</td></tr>`).join('\n')}
</table>
<p>${escapeHtml(qualityInWords(counts))} As of ${escapeHtml(counts.asOf)}.</p>
<ul>
${ROUTES.map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`).join('\n')}
</ul>
<p>Headcount ${escapeHtml(version)}</p>
</body>
</html>
`;
}

function qualityInWords({ quality, reasons }: WholeView): string {
  if (quality === 'exact') return 'These numbers are exact.';
  if (quality === 'reconciled') return 'These numbers agree with what the proxies say.';
  const why = reasons.map((reason) => REASONS[reason]).join(', and ');
  if (quality === 'unverified') return `As far as can be seen these numbers are right: ${why}.`;
  return `These numbers are estimates: ${why}.`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const description = {
  summary: 'A page for people',
  response: { 200: { description: 'the numbers right now', content: { 'text/html': { schema: TEXT } } } },
};

export function registerPage(app: FastifyInstance, parts: ApiParts): void {
  app.get('/', { schema: description }, async (_request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8');
    return page(countsView(parts.site, parts.appNames, parts.now()), parts.version);
  });
}
