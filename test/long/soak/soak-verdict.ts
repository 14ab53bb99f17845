import { linearFit } from './linear-fit.ts';
import type { SoakSample } from './soak-sample.ts';

/** What counts as flat. A true leak of a byte an event is 7 MiB an hour at 2,000 events/s. */
const FLAT_MEBIBYTES_AN_HOUR = 12;
/** In shorter runs the noise of the garbage collector, extrapolated to an hour, is all that one sees. */
const JUDGED_FROM_SECONDS = 15 * 60;
/** Databases that are opened with the first question, and connections of whoever counts. */
const FILES_LEEWAY = 12;
/** Start, stop, a look at the disk: no line of the log may be one for each event or each minute. */
const MOST_LOG_LINES = 30;
/** Of 600 people at this rate somebody always logs in again and again, and both is said once a minute: that it begins, and that it ends. */
const STORM = 'logs in again and again';
const MOST_STORM_LINES_A_MINUTE = 2;

export interface SoakEnd {
  readonly samples: readonly SoakSample[];
  readonly sent: number;
  readonly last: SoakSample;
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly rows: number;
  readonly logged: ReadonlyMap<string, number>;
  readonly readerProblems: readonly string[];
  readonly exitCode: number | null;
}

/** Each line says what was looked at; those that begin with FAILED failed. */
export function soakVerdict(end: SoakEnd): string[] {
  const { sent, last, filesBefore, filesAfter } = end;
  const problems = [...end.samples, last].flatMap((sample) => sample.problems);
  const logged = [...end.logged];
  const lines = ofLog(logged.filter(([message]) => !message.includes(STORM)));
  const stormLines = ofLog(logged.filter(([message]) => message.includes(STORM)));
  const minutes = Math.ceil((end.samples.at(-1)?.seconds ?? 0) / 60) + 1;
  const surplus = last.received - last.duplicates + last.dropped - sent;
  // Of a batch that is offered twice, nobody looks whether those of excluded users have come before.
  const mostSurplus = last.duplicates > 0 ? last.excluded : 0;
  return [
    ...memoryVerdicts(end.samples),
    verdict(problems.length === 0, `sums that did not add up: ${problems.length} ${problems[0] ?? ''}`),
    verdict(
      surplus >= 0 && surplus <= mostSurplus,
      `sent ${sent} = received ${last.received} - offered twice ${last.duplicates} + dropped ${last.dropped}`,
    ),
    verdict(last.dropped === 0, `dropped by the kernel or a full ring: ${last.dropped}`),
    verdict(last.refused === 0, `refused: ${last.refused}`),
    verdict(
      last.inFlight + last.pending === 0,
      `left over: ${last.inFlight} in flight, ${last.pending} rows`,
    ),
    verdict(end.rows > sent / 2, `rows that the sink printed: ${end.rows}`),
    verdict(
      filesAfter <= filesBefore + FILES_LEEWAY,
      `open files before ${filesBefore}, after ${filesAfter}`,
    ),
    verdict(stormLines <= MOST_STORM_LINES_A_MINUTE * minutes, `log lines of storms: ${stormLines}`),
    verdict(lines <= MOST_LOG_LINES, `log lines: ${JSON.stringify(Object.fromEntries(end.logged))}`),
    verdict(
      end.readerProblems.length === 0,
      `readers that failed: ${end.readerProblems.length} ${end.readerProblems[0] ?? ''}`,
    ),
    verdict(end.exitCode === 0, `exit code ${end.exitCode}`),
  ];
}

/**
 * A line by least squares through the last two thirds of the samples, each the least of its minute, in MiB an hour. It
 * fails where the line rises by more than is flat even with twice its standard error taken off: then it is not noise.
 */
function memoryVerdicts(samples: readonly SoakSample[]): string[] {
  const settled = samples.slice(Math.ceil(samples.length / 3));
  const seconds = (settled.at(-1)?.seconds ?? 0) - (settled[0]?.seconds ?? 0);
  const isJudged = (samples.at(-1)?.seconds ?? 0) >= JUDGED_FROM_SECONDS;
  return (['rss', 'heap'] as const).map((kind) => {
    const { slope, error } = linearFit(
      settled.map((sample) => [sample.seconds / 3_600, sample[kind]] as const),
    );
    const said = `${kind}: ${slope.toFixed(1)} MiB an hour (standard error ${error.toFixed(1)}) over ${seconds.toFixed(0)} s`;
    if (!isJudged) return `not judged, too short: ${said}`;
    return verdict(slope - 2 * error <= FLAT_MEBIBYTES_AN_HOUR, said);
  });
}

function ofLog(logged: readonly (readonly [string, number])[]): number {
  return logged.reduce((sum, [, count]) => sum + count, 0);
}

function verdict(isGood: boolean, said: string): string {
  return `${isGood ? 'ok' : 'FAILED'}: ${said.trim()}`;
}
