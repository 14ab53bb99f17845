import { createXrfKey } from '../app-names/app-names.ts';
import { fetchAppNames } from '../app-names/qrs.ts';
import type { Config } from '../config/config.ts';
import { examineSinks } from '../config/examine.ts';
import { hostAndPort } from '../contract/host.ts';
import { type Finding, fail, ok, shortened, warn } from './finding.ts';
import type { RunningProgram } from './running-program.ts';

const SINK_WITHIN_MS = 10_000;
/** What is that late is more than a slow moment. */
const LATE_SECONDS = 60;

/** The databases and the like where rows go: looked at from here, and as the program that delivers sees them. */
export async function lookAtSinks(config: Config, program: RunningProgram | null): Promise<Finding[]> {
  const examined = await examineSinks(config, AbortSignal.timeout(SINK_WITHIN_MS));
  const fromHere = examined.map(({ name, notes, problem }) =>
    problem === null
      ? ok('sinks', [`${name} can be reached and its tables are right`, ...notes].join('; '))
      : fail('sinks', `${name}: ${problem}`, 'mend that; the rows are kept meanwhile'),
  );
  // What is wrong from here is wrong for the program too, and is said once.
  const broken = new Set(examined.filter(({ problem }) => problem !== null).map(({ name }) => name));
  const delivering = program?.ingest.sinks.filter(({ name, up }) => up || !broken.has(name)) ?? [];
  return [...fromHere, ...delivering.flatMap(deliveryTo)];
}

function deliveryTo(sink: RunningProgram['ingest']['sinks'][number]): Finding[] {
  const { name, up, pending, deadLettered, lagSeconds, lastError } = sink;
  const findings: Finding[] = [];
  if (!up) {
    const why = lastError === null ? '' : `: ${lastError}`;
    findings.push(
      fail('sinks', `${name} does not take rows${why}`, 'mend that; the rows are kept meanwhile'),
    );
  } else if (lagSeconds > LATE_SECONDS) {
    const text = `${name} is ${Math.round(lagSeconds)} s behind, ${pending} rows wait`;
    findings.push(warn('sinks', text, 'look how busy its database is'));
  } else findings.push(ok('sinks', `${name} takes rows, ${pending} wait`));
  if (deadLettered > 0) {
    const text = `${name} refused ${deadLettered} rows, which were set aside`;
    findings.push(warn('sinks', text, 'headcount dead-letters list says why'));
  }
  return findings;
}

/** The last poll of each host and virtual proxy. */
export function lookAtPolls({ ingest }: RunningProgram): Finding[] {
  const polls = ingest.receivers.flatMap(({ polls = [] }) => polls);
  return shortened(
    polls.map(({ host, virtualProxy, polledAt, answeredAt, sessions, error }) => {
      const place = `${host} ${virtualProxy}`;
      if (error !== null) {
        const last = answeredAt === null ? 'it never answered' : `it last answered at ${answeredAt}`;
        return fail('polls', `${place}: ${error}; ${last}`, 'docs/polls.md says what each error means');
      }
      if (polledAt === null) return warn('polls', `${place} was not asked yet`, 'wait for the first poll');
      return ok('polls', `${place} answered at ${answeredAt}: ${sessions} sessions`);
    }),
  );
}

/** Whether QRS tells the names of apps: what the program knows, else asked from here. */
export async function lookAtNames(
  { apps: { qrs: settings }, folder }: Config,
  program: RunningProgram | null,
): Promise<Finding[]> {
  const known = program?.ingest.appNames ?? null;
  if (known !== null) {
    if (known.error !== null) return [noNames(known.error)];
    return [ok('names', `${known.server} tells the names of ${known.names} apps`)];
  }
  if (settings === null) return [];
  const signal = AbortSignal.timeout(settings.timeout);
  return fetchAppNames({ settings, folder, key: createXrfKey(), signal }).then(
    ({ size }) => [
      ok('names', `${hostAndPort(settings.host, settings.port)} tells the names of ${size} apps`),
    ],
    (error: Error) => [noNames(error.message)],
  );
}

/** The message says what to do behind its last semicolon. */
function noNames(message: string): Finding {
  const at = message.lastIndexOf('; ');
  return warn('names', `${message.slice(0, at)} (names that are known stay)`, message.slice(at + 2));
}
