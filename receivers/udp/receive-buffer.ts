import type { Socket } from 'node:dgram';
import { platform } from 'node:os';

/** Linux counts its own bookkeeping in: it grants, and reports, twice the size that was set. */
const REPORTED_PER_BYTE = platform() === 'linux' ? 2 : 1;

/**
 * Asks for `wanted` bytes of kernel memory for datagrams not read yet. Returns what there is now, in the same
 * measure: Linux silently grants no more than `net.core.rmem_max`, other systems refuse what is too large.
 */
export function growReceiveBuffer(socket: Socket, wanted: number): number {
  let asked = wanted;
  while (asked > 0 && !accepts(socket, asked)) asked = Math.floor(asked / 2);
  return socket.getRecvBufferSize() / REPORTED_PER_BYTE;
}

function accepts(socket: Socket, bytes: number): boolean {
  try {
    socket.setRecvBufferSize(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What to do where the kernel grants less. */
export function receiveBufferRemedy(wanted: number): string {
  if (platform() !== 'linux')
    return 'allow larger socket buffers in this system, or set a smaller receiveBuffer';
  const setting = `net.core.rmem_max=${wanted}`;
  return (
    `as root on the host: sysctl -w ${setting}; to keep it after a restart: ` +
    `echo '${setting}' > /etc/sysctl.d/90-headcount.conf; then restart Headcount`
  );
}
