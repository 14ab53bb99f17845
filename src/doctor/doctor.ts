import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { atTheirPlaces, type Config } from '../config/config.ts';
import { type ConfigNote, examineConfig, tryOutReceivers } from '../config/examine.ts';
import { hostAndPort } from '../contract/host.ts';
import { isListening } from '../contract/receiver.ts';
import type { Clock } from '../simulator/clock.ts';
import { lookAtNames, lookAtPolls, lookAtSinks } from './far-sides.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { lookAtBlacklist, lookAtHosts } from './hosts.ts';
import { findProgram } from './running-program.ts';
import { lookAtStore } from './store.ts';
import { buffersOf, tryWaysIn } from './way-in.ts';

export interface DoctorParts {
  readonly config: Config;
  /** As `loadConfig` takes them, to name places in the file. */
  readonly configPath: string | null;
  readonly cwd: string;
  /** Where the API of the running program is; null where that is not known. */
  readonly url: string | null;
  readonly token: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Looks at everything that there is to look at, from the configuration on the way to the rows that go out. */
export async function examine(parts: DoctorParts): Promise<Finding[]> {
  const { config, url, token, clock, signal } = parts;
  const { program, findings } =
    url === null ? { program: null, findings: [UNKNOWN_URL] } : await findProgram(url, token, signal);
  const ofProgram =
    program === null
      ? [...(await freePlaces(config)), ...placed('buffer', await tryOutReceivers(config), parts)]
      : [...(await tryWaysIn(program, config, clock, signal)), ...buffersOf(program)];
  return [
    ok('config', `${parts.configPath ?? 'the configuration'} is right`),
    ...findings,
    ...ofProgram,
    ...(await lookAtStore(config.store)),
    ...(await certificates(parts)),
    ...(await lookAtSinks(config, program)),
    ...(program === null ? [] : lookAtPolls(program)),
    ...(await lookAtNames(config, program)),
    ...(program === null ? [] : [...lookAtHosts(program), ...lookAtBlacklist(program)]),
  ];
}

const UNKNOWN_URL = warn(
  'program',
  'the API has port 0 in the configuration, so any free one; what only a running Headcount knows is left out',
  'say --url with the URL that the log names',
);

async function certificates(parts: DoctorParts): Promise<Finding[]> {
  const { config, clock } = parts;
  const notes = await examineConfig(config, clock.now());
  if (notes.length > 0) return placed('certificates', notes, parts);
  const count = config.receivers.filter(
    (each) => 'certificates' in each || ('tls' in each && each.tls),
  ).length;
  const all = count + (config.apps.qrs === null ? 0 : 1);
  if (all === 0) return [];
  return [
    ok('certificates', `those of ${all} settings can be read, belong together and are valid for a month`),
  ];
}

/** Each at its place in the configuration. */
function placed(about: string, notes: readonly ConfigNote[], { configPath, cwd }: DoctorParts): Finding[] {
  return notes.flatMap((note) => {
    const level = note.isProblem ? fail : warn;
    const [what, ...remedy] = note.text.split('; ');
    const lines = atTheirPlaces(configPath, cwd, [{ ...note, text: what ?? '' }]);
    return lines.map((text) => level(about, text, remedy.join('; ') || 'renew or mend the file'));
  });
}

/** Whether a Headcount that is started could listen where the configuration says. */
async function freePlaces({ receivers, api }: Config): Promise<Finding[]> {
  const places = receivers.filter(isListening).map(({ type, host, port }) => ({ type, host, port }));
  const found = [...places, { type: 'api', host: api.host, port: api.port }].map(
    async ({ type, host, port }) => {
      const what = `${type.toUpperCase()} ${hostAndPort(host, port)}`;
      const trouble = type === 'udp' ? await bindUdp(host, port) : await bindTcp(host, port);
      if (trouble === null) return ok('way in', `${what} is free`);
      return fail(
        'way in',
        `${what} cannot be had: ${trouble}`,
        'find out who has it, or set another "port"',
      );
    },
  );
  return Promise.all(found);
}

async function bindUdp(host: string, port: number): Promise<string | null> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.close();
  }
}

async function bindTcp(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    server.close();
  }
}
