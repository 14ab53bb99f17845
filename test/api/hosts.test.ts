import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const start = (host: string) => ({ type: 'session_start', user: { directory: 'LAB', id: 'ann' }, host });

describe('hosts', () => {
  it('are in pages by name, each once', async () => {
    await api.post(Array.from({ length: 250 }, (_, n) => start(`node${n}`)));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await api.get(`/api/v1/hosts?limit=100${path}`);
      expect(body['total']).toBe(250);
      seen.push(...(body['items'] as unknown as { host: string }[]).map(({ host }) => host));
      cursor = body['nextCursor'] as unknown as string | null;
    } while (cursor !== null);
    expect(seen).toEqual(Array.from({ length: 250 }, (_, n) => `node${n}`).sort());
  });

  it('are 100 in ingest, with those of which there is something to be said, however many there are', async () => {
    await api.post(Array.from({ length: 250 }, (_, n) => start(`node${n}`)));
    await api.post([start('busy'), start('busy')]);
    const { hosts } = api.site.identities;
    const odd = hosts.get('node249');
    if (odd !== undefined) odd.keysIgnored = true;
    const { body } = await api.get('/api/v1/ingest');
    const names = (body['hosts'] as unknown as { host: string }[]).map(({ host }) => host);
    expect([names.length, body['hostsTotal']]).toEqual([100, 251]);
    expect(names).toEqual(expect.arrayContaining(['busy', 'node249']));
  });
});
