import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUALITY_REASONS } from '../../src/contract/quality.ts';
import { REFUSAL_WORDS } from '../../src/contract/refusal-words.ts';
import { REFUSALS } from '../../src/formats/index.ts';
import { Dashboard } from '../grafana/dashboard.ts';

const relays = readFileSync(new URL('../../docs/relays.md', import.meta.url), 'utf8');

describe('the words of refusals', () => {
  it('are there for every reason of a format, and for every one that the page of relays has', () => {
    const [, table = ''] = /\| reason \| of \| what to do \|([\s\S]*?)\n\n/.exec(relays) ?? [];
    const ofRelays = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, reason = '']) => reason),
    );
    expect(ofRelays).toContain('tls_failed');
    expect([...REFUSALS, ...ofRelays].filter((reason) => REFUSAL_WORDS[reason] === undefined)).toEqual([]);
  });

  it.each(Object.entries(REFUSAL_WORDS))('of %s are those of the dashboard', (reason, words) => {
    expect(new Dashboard('ingest-health').panel('Refused, by reason').description).toContain(
      `${reason}: ${words}`,
    );
  });
});

it('the dashboard says as well what doubt about counts means, and which lines are missing', () => {
  const dashboard = new Dashboard('ingest-health');
  const { description } = dashboard.panel('Why counts are estimates');
  expect(QUALITY_REASONS.filter((reason) => !description?.includes(`${reason}: `))).toEqual([]);
  const legends = dashboard.promQueries.map(({ target }) => target.legendFormat);
  expect(legends).toContain('rows missing {{host}}');
});
