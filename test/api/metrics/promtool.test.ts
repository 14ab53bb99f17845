import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessMetrics } from '../../../src/commands/start.ts';
import { ApiUnderTest } from '../api-under-test.ts';
import { isInstalled } from './installed.ts';

/** What `promtool check metrics` has against a text, a line each. */
function findings(text: string): string[] {
  const { stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  const lines = stderr.split('\n').filter((line) => line !== '');
  return status === 0 || lines.length > 0 ? lines : [`exit ${status}`];
}

describe.skipIf(!isInstalled('promtool', 'prometheus'))('promtool', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await new ApiUnderTest().start();
  });
  afterAll(() => api.stop());

  it('has nothing against the metrics, hostile host names included', async () => {
    for (const host of ['a"b', 'a\\b\\', 'a\nb', 'größe-日本', '{x="y"} 1', 'x'.repeat(1_024)]) {
      const line = `/qseow-proxy-session/;${host};Start session;LAB;ann;(null);(null);x`;
      api.pipeline.receive(Buffer.from(line), { address: '192.0.2.7', port: 4711 }, api.now);
    }
    api.sinks = [
      {
        name: 'db "1"\n',
        type: 'questdb',
        up: true,
        delivered: 1,
        pending: 2,
        deadLettered: 3,
        dropped: { retention: 4 },
        lagSeconds: 0.5,
        lastError: null,
        tables: [
          {
            table: 'sessions',
            rows: 10,
            delivered: 1,
            pending: 2,
            deadLettered: 3,
            dropped: { retention: 4 },
          },
        ],
      },
    ];
    await api.settle();
    const { text } = await api.get('/metrics');
    expect(text.match(/^headcount_host_sessions\{/gm)).toHaveLength(6);
    expect(text).toMatch(/^headcount_sink_rows_dropped_total\{.*reason="retention"\} 0$/m);
    expect(findings(text)).toEqual([]);
  });

  it('has against the metrics of the process only three names that the library chose', async () => {
    expect(findings(await createProcessMetrics().metrics())).toEqual(
      ['handles', 'requests', 'resources'].map(
        (what) => `nodejs_active_${what}_total non-counter metrics should not have "_total" suffix`,
      ),
    );
  });
});
