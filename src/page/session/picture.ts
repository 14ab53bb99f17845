import type { OneSession } from '../../journal/read/answers.ts';
import { appName } from '../words/names.ts';

/** A time as a bar, in percent of the picture's width. */
export interface Bar {
  readonly left: number;
  readonly width: number;
  /** Nobody knows exactly when it began. */
  readonly fadesIn: boolean;
  /** It goes on, or nobody knows exactly when it ended. */
  readonly fadesOut: boolean;
  readonly from: string;
  readonly to: string | null;
}

/** Connections of one app that were not open at the same time. */
export interface Lane {
  readonly app: string;
  readonly bars: readonly Bar[];
}

/** Where everything of a session is drawn. Times: ms since 1970 UTC. */
export interface Picture {
  readonly from: number;
  readonly to: number;
  readonly session: Bar;
  readonly lanes: readonly Lane[];
  /** Lanes that are not drawn, because nobody could read so many. */
  readonly moreLanes: number;
  readonly events: readonly { readonly place: number; readonly event: OneSession['timeline'][number] }[];
  readonly losses: readonly { readonly bar: Bar; readonly loss: OneSession['lossWindows'][number] }[];
  /** In percent, of a time that may lie outside. */
  readonly placeOf: (time: number) => number;
}

const MOST_LANES = 24;
/** In percent of the width: a moment, and what is left free at the sides. */
const LEAST_WIDTH = 0.5;
const MARGIN = 0.02;

type Connection = OneSession['connections'][number];

/** `now`: until when an open session is drawn. */
export function pictureOf(session: OneSession, now: number): Picture {
  const { connections, timeline, startedAt, endedAt } = session;
  const begin = least([
    startedAt,
    ...connections.map(({ openedAt }) => openedAt),
    ...timeline.map(({ at }) => at),
  ]);
  const known = [
    endedAt ?? startedAt,
    ...connections.map(({ closedAt }) => closedAt),
    ...timeline.map(({ at }) => at),
  ];
  const end = Math.max(endedAt === null ? now : 0, most(known), begin + 1000);
  const margin = (end - begin) * MARGIN;
  const [from, to] = [begin - margin, end + margin];
  const placeOf = (time: number): number => ((time - from) / (to - from)) * 100;
  const barOf = (one: string | null, other: string | null, isExact: readonly [boolean, boolean]): Bar => {
    const left = Math.max(0, one === null ? 0 : placeOf(Date.parse(one)));
    const right = Math.min(100, other === null ? 100 : placeOf(Date.parse(other)));
    return {
      left: Math.min(left, 100 - LEAST_WIDTH),
      width: Math.max(LEAST_WIDTH, right - left),
      fadesIn: !isExact[0],
      fadesOut: !isExact[1],
      from: one ?? startedAt,
      to: other,
    };
  };
  const lanes = lanesOf(connections).map((lane) => ({
    app: appName(lane[0] ?? { appId: null, appName: null }),
    bars: lane.map(({ openedAt, closedAt, closeExact }) => barOf(openedAt, closedAt, [true, closeExact])),
  }));
  return {
    from,
    to,
    session: barOf(startedAt, endedAt, [session.startExact, endedAt !== null && session.endExact]),
    lanes: lanes.slice(0, MOST_LANES),
    moreLanes: Math.max(0, lanes.length - MOST_LANES),
    events: timeline.map((event) => ({ place: placeOf(Date.parse(event.at)), event })),
    losses: session.lossWindows.map((loss) => ({ loss, bar: barOf(loss.from, loss.to, [true, true]) })),
    placeOf,
  };
}

/** Connections in lanes: each lane is of one app, and none of its connections began before the one before it was over. */
export function lanesOf(connections: readonly Connection[]): Connection[][] {
  const lanes: Connection[][] = [];
  for (const connection of connections.toSorted((one, other) => compare(one.openedAt, other.openedAt))) {
    const lane = lanes.find((each) => {
      const last = each.at(-1);
      const isOver = last?.closedAt != null && last.closedAt <= connection.openedAt;
      return isOver && last.appId === connection.appId;
    });
    if (lane === undefined) lanes.push([connection]);
    else lane.push(connection);
  }
  return lanes;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function least(times: readonly string[]): number {
  return times.reduce((found, time) => Math.min(found, Date.parse(time)), Number.POSITIVE_INFINITY);
}

function most(times: readonly (string | null)[]): number {
  return times.reduce((found, time) => (time === null ? found : Math.max(found, Date.parse(time))), 0);
}
