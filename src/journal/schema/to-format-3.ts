import type { DatabaseSync } from 'node:sqlite';
import type { LossReason } from '../../contract/quality.ts';
import type { LossWindow } from '../../sessions/doubt/loss-window.ts';

type Json = Record<string, unknown>;

/** What a checkpoint of format 2 says of losses: when each kind was last noticed. */
interface StateOfFormat2 extends Json {
  readonly hosts: readonly Json[];
  readonly droppedAt?: number | null;
  readonly rowNumbers?: { readonly hosts: readonly HostOfFormat2[] } & Json;
}

interface HostOfFormat2 extends Json {
  readonly name: string;
  readonly missing: number | null;
  readonly gapAt?: number | null;
  readonly streams: readonly (Json & { readonly gaps: readonly GapOfFormat2[] })[];
}

interface GapOfFormat2 extends Json {
  readonly confirmed: boolean;
  readonly noticedAt: number;
}

/**
 * Format 3 knows when a session last gave a sign of life by our own clock, and of each loss how long it matters. Format 2 knew
 * event times and when something was last lost. How much that was is unknown.
 */
export function toFormat3(database: DatabaseSync): void {
  database.exec('UPDATE sessions SET arrived_at = created_at, last_seen_at = last_activity_at');
  const found = database.prepare('SELECT state FROM checkpoint').get()?.['state'];
  if (found === undefined) return;
  const since = Number(database.prepare("SELECT value FROM meta WHERE key = 'since'").get()?.['value']);
  const state = stateOfFormat3(JSON.parse(String(found)) as StateOfFormat2, since);
  database.prepare('UPDATE checkpoint SET state = ?').run(JSON.stringify(state));
}

function stateOfFormat3({ droppedAt, rowNumbers, hosts, ...rest }: StateOfFormat2, since: number): Json {
  const numbered = new Map((rowNumbers?.hosts ?? []).map((host) => [host.name, host]));
  return {
    ...rest,
    hosts: hosts.map((host) => hostOfFormat3(host, numbered.get(String(host['name'])))),
    epoch: 0,
    losses: [loss('warming_up', since), ...(droppedAt == null ? [] : [loss('drops', droppedAt)])],
    reconciledAt: null,
    peak: null,
    ...(rowNumbers === undefined ? {} : { rowNumbers: rowNumbersOfFormat3(rowNumbers) }),
  };
}

function hostOfFormat3(host: Json, numbers: HostOfFormat2 | undefined): Json {
  const isNumbered = numbers !== undefined && numbers.missing !== null;
  return {
    ...host,
    heardAt: host['lastEventAt'],
    unnumberedAt: isNumbered ? 0 : host['lastEventAt'],
    reconciledAt: null,
    reconcileIntervalMs: 0,
    losses: numbers?.gapAt == null ? [] : [loss('gap', numbers.gapAt)],
    epoch: 0,
    clock: null,
  };
}

function rowNumbersOfFormat3({ gapAt: _, hosts, ...rest }: NonNullable<StateOfFormat2['rowNumbers']>): Json {
  return {
    ...rest,
    hosts: hosts.map(({ gapAt: _gapAt, streams, ...host }) => ({
      ...host,
      streams: streams.map(({ gaps, ...stream }) => ({
        ...stream,
        replacedAt: null,
        gaps: gaps.map(({ confirmed, ...gap }) => ({ ...gap, givenUpAt: confirmed ? gap.noticedAt : null })),
      })),
    })),
  };
}

/** Of a number of lines that nobody knows. */
function loss(reason: LossReason, to: number): LossWindow {
  return { reason, to, lines: null, epoch: 0, ended: 0, stage: 'none' };
}
