import { expect, it } from 'vitest';
import { keysForRestart, parseConfig } from '../../src/config/config.ts';

const TCP = 'receivers: [ { type: udp }, { type: tcp, allow: [ 10.0.0.1 ], tls: { cert: a, key: b } } ]';

it.each([
  ['', '', []],
  ['', 'blacklist: [ { directory: LAB } ]', []],
  ['', 'api: { hosts: [ a ], tokens: [ { name: a, token: 0123456789abcdef } ] }', []],
  ['', 'api: { port: 1, insecure: true }\nlog: { level: debug }', ['api.port', 'api.insecure', 'log.level']],
  ['', 'store: { path: x, retention: 30d }', ['store.path', 'store.retention']],
  ['', 'apps: { one: Sales }', []],
  ['apps: { qrs: { host: a } }', 'apps: { qrs: { host: a, port: 1 }, one: Sales }', ['apps.qrs.port']],
  ['', 'apps: { qrs: { host: a } }', ['apps.qrs']],
  ['', 'receivers: []', ['receivers']],
  [
    '',
    'receivers: [ { type: udp, name: a }, { type: tcp, port: 1 } ]',
    ['receivers[0].name', 'receivers[1].port'],
  ],
  [TCP, TCP.replace('10.0.0.1', '10.0.0.2'), ['receivers[1].allow']],
  [TCP, TCP.replace('key: b', 'key: c'), ['receivers[1].tls.key']],
  ['sinks: [ { type: console } ]', '', ['sinks']],
  [
    'sinks: [ { type: questdb, user: a, password: secret } ]',
    'sinks: [ { type: questdb, user: a, password: other } ]',
    ['sinks[0].password'],
  ],
])('from %j to %j the keys %j need a restart', (before, after, keys) => {
  expect(keysForRestart(parseConfig(before, 'config.yaml'), parseConfig(after, 'config.yaml'))).toEqual(keys);
});
