import { nextMessage, stop } from '../processes.ts';
import type { Phase, ReconcilerReport } from '../reconciler.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';

const SESSIONS = 100_000;
const TARGET_MS = 500;
const TARGET_TURN_MS = 50;
const WITHIN_MS = 300_000;

const PHASES: readonly (readonly [phase: Phase, what: string])[] = [
  ['same', 'that are all known'],
  ['bind', 'the first snapshot of which binds each'],
  ['change', 'of which a tenth ended and a tenth are new'],
];

export const reconcile: Scenario = {
  name: 'reconcile',
  method:
    `CPU to compare ${SESSIONS} tracked sessions with a snapshot of as many, corrections committed to a real journal, and the ` +
    'longest turn of the event loop meanwhile; the yardstick is to read the same list from JSON',
  async run(bench) {
    const reports: ReconcilerReport[] = [];
    for (let n = 0; n < (bench.quick ? 1 : 5); n += 1) {
      const child = bench.processes.fork('./reconciler.ts');
      try {
        child.send({ count: SESSIONS });
        reports.push(await nextMessage<ReconcilerReport>(child, WITHIN_MS));
      } finally {
        await stop(child, 'SIGKILL');
      }
    }
    const yardstick = `read from JSON ${spread(
      reports.map(({ readMs }) => readMs),
      0,
      ' ms',
    )}`;
    return PHASES.map(([phase, what]): Row => {
      const took = reports.map(({ tookMs }) => tookMs[phase]);
      const turns = reports.map(({ longestTurnMs }) => longestTurnMs[phase]);
      return {
        what: `reconcile ${SESSIONS} sessions ${what}; longest turn`,
        target: `< ${TARGET_MS} ms; < ${TARGET_TURN_MS} ms`,
        measured: `${spread(took, 0, ' ms')}; ${spread(turns, 0, ' ms')}`,
        yardstick,
        met: median(took) < TARGET_MS && median(turns) < TARGET_TURN_MS,
      };
    });
  },
};
