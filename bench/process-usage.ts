import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports CPU time in hundredths of a second, whatever the kernel's own tick is. */
const CLOCK_TICKS = 100;
/** Fields of `/proc/PID/stat` behind the name of the program. */
const UTIME = 11;
const STIME = 12;

export interface CpuTime {
  /** User and system time of all threads, in seconds. */
  readonly total: number;
  /** The part of the main thread. */
  readonly mainThread: number;
}

export function cpuTime(pid: number): CpuTime {
  return { total: cpuSeconds(`/proc/${pid}/stat`), mainThread: cpuSeconds(`/proc/${pid}/task/${pid}/stat`) };
}

function cpuSeconds(statFile: string): number {
  const stat = readFileSync(statFile, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / CLOCK_TICKS;
}

/** Resident memory in MiB: now, and the most there ever was. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024;
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}

/** Datagrams that the kernel threw away because the receive buffer of the socket on this port was full. */
export function kernelDrops(port: number): number {
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = readdirSync('/proc/net').filter((name) => name === 'udp' || name === 'udp6');
  const sockets = tables.flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').trim().split('\n'));
  const columns = sockets.map((line) => line.trim().split(/\s+/));
  const own = columns.filter(([, local]) => local?.endsWith(place));
  return own.reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}

/** What the kernel grants a receive buffer at most, in bytes. */
export function largestReceiveBuffer(): number {
  return Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'));
}
