import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/**
 * The yardstick: the least that a receiver in Node can do. It counts datagrams, with the receive buffer that
 * Headcount asks for. Any message from the parent is answered with the count.
 */

const RECEIVE_BUFFER_BYTES = 4 * 1_048_576;
// As Headcount's default, `::`: a socket that takes both families costs a little more.
const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
const hasIpv6 = addresses.some(({ family }) => family === 'IPv6');

let received = 0;
const socket = createSocket(hasIpv6 ? 'udp6' : 'udp4');
socket.on('message', () => {
  received += 1;
});
socket.bind(0, () => {
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  process.send?.({ port: socket.address().port });
});
process.on('message', () => process.send?.({ received }));
process.once('disconnect', () => process.exit(0));
