import { isIPv6 } from 'node:net';
import type { Config } from '../config/config.ts';
import { HEARTBEAT } from '../formats/index.ts';
import type { Clock } from '../simulator/clock.ts';
import { createTcpSender, createUdpSender, reachable, type Target } from '../simulator/senders.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Ingest, RunningProgram } from './running-program.ts';

/** A heartbeat is counted within a tenth of a second. */
const ARRIVES_WITHIN_MS = 5_000;
const POLL_MS = 100;

type ReceiverState = Ingest['receivers'][number];

/** Sends a heartbeat to each receiver of lines, on the way that lines take, and looks whether it was counted. */
export async function tryWaysIn(
  program: RunningProgram,
  config: Config,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const receivers = program.ingest.receivers.filter((each) => protocolOf(each) !== null);
  if (receivers.length === 0) {
    return [warn('way in', 'there is no UDP or TCP receiver', 'lines of Sense need one below "receivers"')];
  }
  // One after the other: they share the counter.
  for (const each of receivers) {
    if (isCounted(each, config))
      findings.push(ok('way in', `TCP ${each.name} counts octets, so nothing was sent`));
    else findings.push(await tryWayIn(each, program, clock, signal));
  }
  return findings;
}

/** Frames that begin with their length are what relays send. */
function isCounted({ name }: ReceiverState, { receivers }: Config): boolean {
  return receivers.some((each) => {
    return (each.name ?? each.type) === name && each.type === 'tcp' && each.framing === 'octet-counting';
  });
}

function protocolOf({ receiveBufferBytes, connections }: ReceiverState): 'UDP' | 'TCP' | null {
  if (receiveBufferBytes !== undefined) return 'UDP';
  return connections === undefined ? null : 'TCP';
}

async function tryWayIn(
  receiver: ReceiverState,
  program: RunningProgram,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding> {
  const protocol = protocolOf(receiver);
  const place = receiver.listening?.[0];
  const what = `${protocol} ${receiver.name}`;
  if (place === undefined) return fail('way in', `${what} does not listen`, 'read the log of Headcount');
  if (receiver.tls !== undefined) {
    return ok('way in', `${what} listens at ${place}; it wants TLS, so nothing was sent`);
  }
  const target = targetOf(place, new URL(program.url).hostname);
  const before = await program.askIngest();
  try {
    await send(protocol === 'UDP' ? await createUdpSender(target) : await createTcpSender(target));
  } catch (error) {
    const text = `nothing could be sent to ${what} at ${place}: ${(error as Error).message}`;
    return fail('way in', text, 'look at the firewall of this machine');
  }
  return arrival(`${what} at ${place}`, before, program, clock, signal);
}

async function send(sender: Awaited<ReturnType<typeof createUdpSender>>): Promise<void> {
  await sender.send([{ appender: 'doctor', text: `${HEARTBEAT}doctor` }]).finally(() => sender.close());
}

async function arrival(
  where: string,
  before: Ingest,
  program: RunningProgram,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding> {
  const deadline = clock.now() + ARRIVES_WITHIN_MS;
  const count = ({ refused }: Ingest) => refused['not_allowed'] ?? 0;
  for (;;) {
    const after = await program.askIngest();
    if (after.heartbeats > before.heartbeats) return ok('way in', `a heartbeat sent to ${where} arrived`);
    if (count(after) > count(before)) {
      const text = `a heartbeat sent to ${where} was refused: "allow" does not have this machine`;
      return warn('way in', text, 'nothing, if only the Sense nodes are to send; else add it to "allow"');
    }
    if (signal.aborted || clock.now() >= deadline) break;
    await clock.sleep(POLL_MS, signal);
  }
  return fail(
    'way in',
    `a heartbeat sent to ${where} did not arrive`,
    'look at the firewall of this machine, and whether another program has the same port',
  );
}

/** `place` as in `[::]:9997`; what listens everywhere is found where the API is. */
function targetOf(place: string, apiHost: string): Target {
  const colon = place.lastIndexOf(':');
  const host = place.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(place.slice(colon + 1));
  const isEverywhere = host === '::' || host === '0.0.0.0';
  const api = apiHost.replace(/^\[(.*)\]$/, '$1');
  if (!isEverywhere) return { host, port };
  return reachable({ host: host === '0.0.0.0' && isIPv6(api) ? host : api, port });
}

const KERNEL_DROPPED = warn(
  'buffer',
  'the kernel dropped datagrams a short while ago',
  'raise receiveBuffer and net.core.rmem_max; see docs/running.md',
);
const RING_DROPPED = warn(
  'buffer',
  'Headcount was held up for so long that datagrams were dropped',
  'look what else keeps this machine busy, or raise ringBuffer',
);

/** TCP receivers that take fewer connections than configured, because the program may not open so many files. */
export function connectionsOf({ ingest }: RunningProgram, { receivers }: Config): Finding[] {
  return ingest.receivers.flatMap(({ name, maxConnections: taken }): Finding[] => {
    const configured = receivers.find((each) => (each.name ?? each.type) === name);
    if (taken === undefined || configured?.type !== 'tcp' || taken >= configured.maxConnections) return [];
    const text = `TCP ${name} takes ${taken} connections and not ${configured.maxConnections}, because the program may not open so many files`;
    return [warn('connections', text, 'raise its limit of open files (ulimit -n, LimitNOFILE= of systemd)')];
  });
}

/** How much the kernel keeps for each UDP receiver, and what it threw away. */
export function buffersOf({ ingest, counts }: RunningProgram): Finding[] {
  const findings = ingest.receivers.flatMap(
    ({ name, receiveBufferBytes, receiveBufferClamped, kernelDropped }): Finding[] => {
      if (receiveBufferBytes == null) return [];
      if (receiveBufferClamped === true) {
        const text = `the kernel grants UDP ${name} only ${receiveBufferBytes} bytes, so bursts may be lost`;
        return [warn('buffer', text, 'raise net.core.rmem_max; docs/running.md says how')];
      }
      const dropped = kernelDropped === null ? '' : `, ${kernelDropped} datagrams dropped since the start`;
      return [ok('buffer', `UDP ${name} has the ${receiveBufferBytes} bytes that it asked for${dropped}`)];
    },
  );
  if (!counts.reasons.includes('drops')) return findings;
  const isRing = ingest.receivers.some(({ ringDropped = 0 }) => ringDropped > 0);
  return [...findings, isRing ? RING_DROPPED : KERNEL_DROPPED];
}
