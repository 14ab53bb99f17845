import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { bindPlace } from '../../receivers/listen.ts';
import type { Config } from '../config/config.ts';
import { hostAndPort } from '../contract/host.ts';
import { isListening } from '../contract/receiver.ts';
import { type Finding, fail, ok } from './finding.ts';

interface Place {
  readonly type: string;
  readonly host: string;
  readonly port: number;
}

/** Whether a Headcount that is started now could listen where the configuration says. */
export function freePlaces({ receivers, api }: Config): Promise<Finding[]> {
  const places: readonly Place[] = [...receivers.filter(isListening), { type: 'api', ...api }];
  return Promise.all(places.map(tryPlace));
}

async function tryPlace(place: Place): Promise<Finding> {
  const { type, port } = place;
  try {
    await bindPlace(type.toUpperCase(), place, (address, family) =>
      type === 'udp' ? bindUdp(address, family, port) : bindTcp(address, port),
    );
    return ok('way in', `${type.toUpperCase()} ${hostAndPort(place.host, port)} is free`);
  } catch (error) {
    const remedy = 'stop what has it, or set another host or port';
    return fail('way in', (error as Error).message, remedy);
  }
}

async function bindUdp(address: string, family: 4 | 6, port: number): Promise<void> {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false });
  try {
    socket.bind({ address, port });
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
}

async function bindTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port });
  await once(server, 'listening');
  server.close();
}
