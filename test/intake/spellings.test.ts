import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pipelineUnderTest } from './pipeline-under-test.ts';

const CASE = join(import.meta.dirname, '../cases/names-decomposed');
const LINE = readFileSync(join(CASE, 'input.txt'));
const { blacklist } = parse(readFileSync(join(CASE, 'config.yaml'), 'utf8'));
const sender = { address: '192.0.2.1', port: 4242 };
const composed = Buffer.from(LINE.toString('utf8').normalize('NFC'));

describe('a name with its accents as letters of their own', () => {
  it('is covered by a rule that is written without them', () => {
    const { pipeline, site } = pipelineUnderTest(blacklist);
    for (const line of [LINE, composed]) pipeline.receive(line, sender, 0);
    pipeline.work();
    expect(pipeline.counters.excluded).toBe(2);
    expect(site.counts.sessions).toBe(0);
  });

  it('is one user with that name as one letter, and is kept as it came', () => {
    expect(composed).not.toEqual(LINE);
    const { pipeline, site, store } = pipelineUnderTest();
    for (const line of [LINE, composed]) pipeline.receive(line, sender, 0);
    pipeline.work();
    expect(site.counts).toMatchObject({ sessions: 2, users: 1 });
    expect(store.events.map(({ user }) => user?.id)).toEqual(['Ju\u0308rgen', 'J\u00fcrgen']);
  });
});
