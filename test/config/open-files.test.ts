import fc from 'fast-check';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config/config.ts';
import { fitConnections, RESERVED_FILES, readOpenFilesLimit } from '../../src/config/open-files.ts';

type Given = Parameters<typeof fitConnections>[0];

function given(api: number, tcp: readonly number[], perAddress = 100): Given {
  const limits = (maxConnections: number) => ({ maxConnections, maxConnectionsPerAddress: perAddress });
  const receivers = tcp.map((most, n) => ({ type: 'tcp', port: n + 1, ...limits(most) }));
  const parsed = configSchema.parse({ receivers: [{ type: 'udp' }, ...receivers], api: limits(api) });
  return { receivers: parsed.receivers, api: { ...parsed.api, tokens: [] } };
}

function connectionsOf({ api, receivers }: Given): number[] {
  const ofReceivers = receivers.flatMap((each) => ('maxConnections' in each ? [each.maxConnections] : []));
  return [api.maxConnections, ...ofReceivers];
}

it('the defaults fit into 2,000 files, and into 1,024 with fewer connections', () => {
  const defaults = given(800, [1_000]);
  expect(fitConnections(defaults, 2_000)).toMatchObject({ ...defaults, shortage: null });
  const fitted = fitConnections(defaults, 1_024);
  expect(connectionsOf(fitted)).toEqual([366, 457]);
  expect(fitted.shortage).toBe(
    'a process may open only 1024 files here, too few for 1800 connections of clients, so there are 824 at most: ' +
      'raise the limit (ulimit -n, LimitNOFILE= of systemd), or lower maxConnections of api and TCP receivers',
  );
});

it('where nobody knows the limit, everything stays as configured', () => {
  expect(connectionsOf(fitConnections(given(800, [1_000]), null))).toEqual([800, 1_000]);
});

it('whatever is configured, connections leave the reserved files free, and every way in keeps one', () => {
  const some = fc.integer({ min: 1, max: 20_000 });
  const property = fc.property(
    some,
    fc.array(some, { maxLength: 4 }),
    some,
    fc.nat(30_000),
    (api, tcp, each, limit) => {
      const fitted = fitConnections(given(api, tcp, each), limit);
      const connections = connectionsOf(fitted);
      expect(Math.min(...connections)).toBeGreaterThanOrEqual(1);
      const sum = connections.reduce((a, b) => a + b, 0);
      expect(sum).toBeLessThanOrEqual(
        Math.max(2 * connections.length, limit - RESERVED_FILES + connections.length),
      );
      expect(fitted.shortage === null).toBe(sum === api + tcp.reduce((a, b) => a + b, 0));
      expect(fitted.api.maxConnectionsPerAddress).toBeLessThanOrEqual(each);
    },
  );
  fc.assert(property);
});

it.skipIf(process.platform !== 'linux')('the limit of this process is known (Linux only)', () => {
  expect(readOpenFilesLimit()).toBeGreaterThan(100);
});
