import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import { plainAddress } from '../../receivers/address.ts';
import { allow } from '../../receivers/allow.schema.ts';
import { AllowList } from '../../receivers/allow-list.ts';
import { bindPlace } from '../../receivers/listen.ts';
import { hostAndPort } from '../../src/contract/host.ts';
import { defineReceiver, type EventIntake, receiverSettings } from '../../src/contract/receiver.ts';
import { host, port } from '../../src/contract/settings.ts';

const schema = z.strictObject({
  type: z.literal('note'),
  host: host().prefault('127.0.0.1'),
  port: port().prefault(9996),
  allow: allow(),
  ...receiverSettings,
});

/** One message a datagram. */
export const noteReceiver = defineReceiver({
  schema,
  create(config, parts) {
    const { name, now } = parts;
    const allowed = new AllowList(config.allow, parts);
    let socket: Socket | null = null;
    let received = 0;
    return {
      name,
      async start(intake: EventIntake) {
        await allowed.start();
        socket = await bindPlace('note', config, async (place, family) => {
          const bound = createSocket(family === 6 ? 'udp6' : 'udp4').bind(config.port, place);
          await once(bound, 'listening');
          return bound.on('error', ({ message }) => parts.trouble(`${name} has an error`, message));
        });
        socket.on('message', (bytes, remote) => {
          received += 1;
          const sender = { address: plainAddress(remote.address), port: remote.port };
          if (allowed.allows(remote.address)) intake.receive(bytes, sender, now());
          else intake.refuse('not_allowed', `${name}: ${sender.address}`);
        });
      },
      async stop() {
        const closing = socket;
        socket = null;
        if (closing !== null) await new Promise<void>((resolve) => closing.close(resolve));
      },
      lookAgain: () => allowed.refresh(),
      stats() {
        const local = socket?.address();
        const listening = local === undefined ? [] : [hostAndPort(local.address, local.port)];
        return { name, listening, received, kernelDropped: null };
      },
    };
  },
});
