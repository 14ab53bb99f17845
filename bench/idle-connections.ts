import { once } from 'node:events';
import { connect } from 'node:net';

/** The client process of a relay port: opens so many connections and says nothing on them. Says how many are open. */

export interface IdlePlan {
  readonly port: number;
  readonly connections: number;
}

/** More would overflow the queue of connections to be accepted. */
const AT_ONCE = 100;

process.once('disconnect', () => process.exit(0));
const [{ port, connections }] = (await once(process, 'message')) as [IdlePlan];
let open = 0;
for (let n = 0; n < connections; n += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, connections - n) }, async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
    socket.resume();
  });
  await Promise.all(some);
}
const report = (): void => void process.send?.(open);
process.on('message', report);
report();
