import { describe, expect, it } from 'vitest';
import { qpsSchema } from '../../../receivers/qps/qps.schema.ts';

const host = 'sense1.example.com';
const parse = (server: object, config: object = {}) =>
  qpsSchema.safeParse({ type: 'qps', servers: [{ host, ...server }], ...config });
/** Path and message of the first thing that is wrong. */
const problem = (result: ReturnType<typeof parse>) => {
  const issue = result.error?.issues[0];
  return [issue?.path.join('.'), issue?.message];
};

describe('the settings of polls', () => {
  it('need no more than a server', () => {
    expect(parse({}).data).toEqual({
      type: 'qps',
      interval: 30_000,
      timeout: 5_000,
      users: true,
      blacklist: [],
      certificates: { cert: 'client.pem', key: 'client_key.pem', ca: 'root.pem' },
      servers: [{ host, port: 4243, virtualProxies: ['/'], complete: true }],
    });
  });

  it.each([
    ['/', '/'],
    ['', undefined],
    ['/Sales', '/sales'],
    ['sales/', '/sales'],
    ['/a/b_c~d.e-f', '/a/b_c~d.e-f'],
    ['/sales?x', undefined],
    ['/../session', undefined],
    ['//', '/'],
    ['/a b', undefined],
    ['/k\u00f6ln', undefined],
  ])('take %j as a prefix, or refuse it', (written, prefix) => {
    expect(parse({ virtualProxies: [written] }).data?.servers[0]?.virtualProxies[0]).toBe(prefix);
  });

  it.each([
    [{ virtualProxies: [] }, {}, 'servers.0.virtualProxies', 'expected at least one, such as "/"'],
    [{ virtualProxies: ['/A', 'a'] }, {}, 'servers.0.virtualProxies.1', '"/a" is there twice'],
    [{ servername: '192.0.2.1' }, {}, 'servers.0.servername', 'expected a name, not an address'],
    [{ port: 0 }, {}, 'servers.0.port', 'expected integer 1-65535'],
    [{}, { timeout: '31s' }, 'timeout', 'longer than "interval"'],
    [{}, { servers: [] }, 'servers', 'expected at least one server'],
    [
      {},
      { servers: [{ host }, { host: 'SENSE1' }] },
      'servers.1.host',
      'the same node "sense1" as servers[0]',
    ],
    [
      {},
      { servers: [{ host }, { host: '192.0.2.1', node: 'Sense1' }] },
      'servers.1.host',
      'the same node "sense1" as servers[0]',
    ],
    [
      {},
      { blacklist: [{ userId: 'x' }] },
      'blacklist.0.directory',
      'expected a user directory such as INTERNAL',
    ],
  ])('are refused where they make no sense: %j %j', (server, config, path, message) => {
    expect(problem(parse(server, config))).toEqual([path, message]);
  });
});
