import { atTheirPlaces, type Config } from '../config/config.ts';
import { type ConfigNote, examineConfig, tryOutReceivers } from '../config/examine.ts';
import type { Clock } from '../simulator/clock.ts';
import { lookAtNames, lookAtPolls, lookAtSinks } from './far-sides.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { freePlaces } from './free-places.ts';
import { lookAtBlacklist, lookAtHosts } from './hosts.ts';
import { findProgram } from './running-program.ts';
import { lookAtStore } from './store.ts';
import { buffersOf, connectionsOf, tryWaysIn } from './way-in.ts';

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
      : [
          ...(await tryWaysIn(program, config, clock, signal)),
          ...buffersOf(program),
          ...connectionsOf(program, config),
        ];
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
