import type { ComponentChildren, VNode } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CountsView } from '../../src/api/counts/counts-answer.ts';
import { liveCounts } from '../../src/page/model/live.ts';
import { Silences } from '../../src/page/now/silences.ts';
import { ApiUnderTest } from '../api/api-under-test.ts';

const SECOND = 1_000;

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(async () => {
  liveCounts.value = null;
  await api.stop();
});

const begins = (host: string, id: string) => ({
  type: 'session_start',
  host,
  user: { directory: 'LAB', id },
});

/** Its lines came each second until so long ago. */
function wentSilent(name: string, secondsAgo: number): void {
  const host = api.site.identities.hosts.get(name);
  for (let age = 30; age >= 0; age -= 1) {
    host?.rhythm.heard(api.now - (secondsAgo + age) * SECOND, host.openSessions);
  }
}

async function counts(query = ''): Promise<CountsView> {
  return (await api.get(`/api/v1/counts${query}`)).body as unknown as CountsView;
}

/** What the banner of the page says of these counts, a line each. */
function banner(shown: CountsView): string[] {
  liveCounts.value = shown;
  return linesOf(Silences());
}

function linesOf(node: ComponentChildren): string[] {
  if (Array.isArray(node)) return node.flatMap(linesOf);
  if (node === null || typeof node !== 'object') return [];
  const { type, props } = node as VNode<{ children?: ComponentChildren }>;
  if (typeof type === 'function') return linesOf((type as (given: object) => ComponentChildren)(props));
  return type === 'p' ? [textOf(props.children)] : linesOf(props.children);
}

function textOf(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (typeof node !== 'object') return String(node ?? '');
  return node === null ? '' : textOf((node as VNode<{ children?: ComponentChildren }>).props.children);
}

describe('hosts that went silent', () => {
  beforeEach(async () => {
    const busy = Array.from({ length: 150 }, (_, n) => `busy${n}`);
    await api.post(busy.flatMap((host) => [begins(host, 'ann'), begins(host, 'bob')]));
    await api.post(['small', 'north/tiny', 'north/other', 'least'].map((host) => begins(host, 'ann')));
    api.pass(600);
  });

  it('are told also where they are none of the 100 largest, the longest silence first, and the page says so', async () => {
    wentSilent('small', 90);
    wentSilent('north/tiny', 120);
    const now = await counts();
    expect(now.hosts.map(({ host }) => host)).not.toContain('small');
    const since = (seconds: number) => new Date(api.now - seconds * SECOND).toISOString();
    expect([now.silentHosts, now.silentHostsTotal]).toEqual([
      [
        { host: 'north/tiny', silentSince: since(120) },
        { host: 'small', silentSince: since(90) },
      ],
      2,
    ]);
    const lines = banner(now);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('Nothing has come from north/tiny since');
    expect(lines[1]).toContain('Nothing has come from small since');
  });

  it('are told of the host or the site that is asked for, and of everything with another filter', async () => {
    for (const name of ['small', 'north/tiny', 'north/other']) wentSilent(name, 90);
    const named = async (query: string) => (await counts(query)).silentHosts.map(({ host }) => host);
    expect(await named('?host=small')).toEqual(['small']);
    expect(await named('?site=north')).toEqual(['north/other', 'north/tiny']);
    expect(await named('?virtualProxy=sales')).toHaveLength(3);
    expect(await named('?class=service')).toHaveLength(3);
    const past = await counts(`?at=${new Date(api.now - SECOND).toISOString()}`);
    expect([past.silentHosts, past.silentHostsTotal]).toEqual([[], null]);
  });

  it('are no more than 100 in an answer; how many there are stands beside, and in the banner', async () => {
    for (let n = 0; n < 150; n += 1) wentSilent(`busy${n}`, 90 + n);
    const now = await counts();
    expect([now.silentHosts.length, now.silentHostsTotal]).toEqual([100, 150]);
    expect(now.silentHosts[0]?.host).toBe('busy149');
    expect(banner(now).at(-1)).toBe('Nothing comes from 147 more hosts.');
  });
});
