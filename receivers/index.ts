import type { z } from 'zod';
import { byType } from '../src/core/by-type.ts';
import { tcpSchema } from './tcp.schema.ts';
import { udpSchema } from './udp.schema.ts';

/** One entry of `receivers`, told apart by `type`. A new kind of receiver is one more line here. */
export const receiverSchemas = byType('receiver', {
  udp: udpSchema,
  tcp: tcpSchema,
});
export type ReceiverConfig = z.output<typeof receiverSchemas>;
