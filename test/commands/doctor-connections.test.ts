import { expect, it } from 'vitest';
import { configSchema } from '../../src/config/config.ts';
import { connectionsOf } from '../../src/doctor/way-in.ts';

type Asked = Parameters<typeof connectionsOf>;

/** What the doctor finds where the running program takes so many connections of 1,000. */
function found(maxConnections: number) {
  const receivers = [
    { name: 'udp', kernelDropped: 0 },
    { name: 'relays', kernelDropped: null, connections: 0, maxConnections },
  ];
  const program = { ingest: { receivers } } as unknown as Asked[0];
  const config = configSchema.parse({ receivers: [{ type: 'udp' }, { type: 'tcp', name: 'relays' }] });
  return connectionsOf(program, config as unknown as Asked[1]);
}

it('says that a TCP receiver takes fewer connections than configured, and nothing where it takes all', () => {
  expect(found(1_000)).toEqual([]);
  expect(found(457)).toMatchObject([
    {
      level: 'warn',
      text: 'TCP relays takes 457 connections and not 1000, because the program may not open so many files',
    },
  ]);
});
