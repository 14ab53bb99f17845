import type { Kind, NumberedLine, Sender } from '../../contract/event.ts';

/** Numbers that have not come, both ends included. */
export interface LineGap {
  from: number;
  to: number;
  /** Our clock when a higher number came. */
  readonly noticedAt: number;
  /** Our clock at the line before: none of them was written earlier. Not in earlier states. */
  readonly heardAt?: number;
  /** Our clock when it was counted as missing; null while it is waited for. */
  givenUpAt: number | null;
}

/** `shared`: something else draws from the same counter, so a number that is not here is no line of ours. */
type Standing = 'unproven' | 'proven' | 'shared';

/** So many different numbers of which no two are neighbours are shared with something else. */
const MOST_UNPROVEN = 21;
/** What comes so soon after a stream's first line may have been sent before it. */
export const REORDERED_MS = 5_000;
/** Lines of one counter that are near each other; what is further below the first one is of another counter. */
export const MOST_APART = 1_000;
/** Threads of Sense may write in another order than they took the time: within so long, so many lines. */
const WRITTEN_WITHIN_MS = 1_000;
const WRITTEN_TOGETHER = 100;
/** No appender writes more lines in a second: a number further on than that is none of the same counter. */
const MOST_IN_A_SECOND = 20_000;
/** Where `%rownum` begins again because it is full. */
const FULL = 2_147_483_647;

/** The numbers of one counter, from where we first heard of it until it begins again. */
export class LineCounter {
  readonly isRepository: boolean;
  /** Null while known from the journal alone, which keeps no addresses. */
  from: Sender | null;
  lowest: number;
  highest: number;
  /** Event time of the highest number. */
  highestAt: number;
  timed: boolean;
  begunAt: number;
  usedAt: number;
  /** Different numbers seen, while that matters. */
  distinct = 1;
  standing: Standing = 'unproven';
  /** It went on after a newer stream of the same sender had begun: there are two counters. */
  isConcurrent = false;
  /** Event time of the first line of the counter that seems to have taken its place. */
  replacedAt: number | null = null;
  /** By number. What is not in a gap has been seen, or is so long missing that it is not waited for. */
  gaps: LineGap[] = [];

  constructor(line: NumberedLine, row: number, from: Sender | null) {
    this.isRepository = line.kind === 'session_rejected';
    this.from = from;
    this.lowest = row;
    this.highest = row;
    this.highestAt = line.at;
    this.timed = line.timed;
    this.begunAt = line.receivedAt;
    this.usedAt = line.receivedAt;
  }

  /** True where a line of this kind from there may be one of this stream; null stands for any. */
  mayHave(kind: Kind | null, from: Sender | null): boolean {
    if (kind !== null && this.isRepository !== (kind === 'session_rejected')) return false;
    const own = this.from;
    if (own === from || own === null || from === null) return true;
    return own.port === from.port && own.address === from.address;
  }

  isNext(line: NumberedLine, row: number): boolean {
    return row === this.highest + 1 && line.at >= this.highestAt;
  }

  /** True where as many lines may have been written since the latest one as lie between: senders make up numbers, too. */
  mayReach({ receivedAt }: NumberedLine, row: number): boolean {
    const seconds = 1 + Math.max(0, receivedAt - this.usedAt) / 1000;
    return row > this.highest && row - this.highest <= seconds * MOST_IN_A_SECOND;
  }

  /** As `state` of the row numbers gave it. */
  static restored(saved: LineCounter): LineCounter {
    const { lowest: rowNumber, highestAt: at, timed, begunAt: receivedAt, isRepository } = saved;
    const kind = isRepository ? 'session_rejected' : 'session_start';
    const line: NumberedLine = { rowNumber, host: '', at, timed, receivedAt, kind };
    return Object.assign(new LineCounter(line, rowNumber, saved.from), saved);
  }

  /**
   * True where the line is a late or repeated one of this stream: numbers and times rise together. Without a time
   * of its own only a line that fills a gap is known to be late.
   */
  covers(line: NumberedLine, row: number): boolean {
    if (row > this.highest || row < this.lowest - MOST_APART) return false;
    const isMissed = this.#gapOf(row) !== -1;
    if (!this.timed || !line.timed) return isMissed;
    const isNear = isMissed || row > this.highest - WRITTEN_TOGETHER;
    return line.at <= this.highestAt + (isNear ? WRITTEN_WITHIN_MS : 0);
  }

  /** The place of the gap with this number; -1 where there is none. */
  #gapOf(row: number): number {
    const place = this.gaps.findLastIndex((gap) => gap.from <= row);
    const gap = this.gaps[place];
    return gap !== undefined && row <= gap.to ? place : -1;
  }

  /** True where a line with which a counter begins seems to be of the same appender, which began again. */
  isReplacedBy(line: NumberedLine, row: number, from: Sender | null): boolean {
    if (this.standing !== 'proven' || this.replacedAt !== null) return false;
    if (row > this.highest || line.at <= this.highestAt || this.highest > FULL - MOST_APART) return false;
    return this.from === null || from === null || this.from.address === from.address;
  }

  /** Takes one number. Returns when it had been counted as missing, null where it had not. */
  take(line: NumberedLine, row: number): number | null {
    const heardAt = this.usedAt;
    this.usedAt = line.receivedAt;
    if (row > this.highest) {
      const next = this.highest + 1;
      if (row > next) this.gaps.push({ ...gapBetween(next, row - 1, line.receivedAt), heardAt });
      this.highest = row;
      this.highestAt = line.at;
      this.timed = line.timed;
      this.#judge(row === next);
      return null;
    }
    if (row < this.lowest) {
      // Who sent that before we were there is no loss of ours.
      if (line.receivedAt - this.begunAt >= REORDERED_MS) return null;
      const before = this.lowest - 1;
      if (row < before) this.gaps.unshift(gapBetween(row + 1, before, line.receivedAt));
      this.lowest = row;
      this.#judge(row === before);
      return null;
    }
    return this.#fill(row);
  }

  #fill(row: number): number | null {
    const place = this.#gapOf(row);
    const gap = this.gaps[place];
    if (gap === undefined) return null;
    const left: LineGap[] = [];
    if (gap.from < row) left.push({ ...gap, to: row - 1 });
    if (row < gap.to) left.push({ ...gap, from: row + 1 });
    this.gaps.splice(place, 1, ...left);
    this.#judge(row === gap.from || row === gap.to);
    return gap.givenUpAt;
  }

  /** `isNeighbour`: the number next to it has been seen. */
  #judge(isNeighbour: boolean): void {
    if (this.standing === 'unproven') {
      this.distinct += 1;
      if (isNeighbour) this.standing = 'proven';
      else if (this.distinct >= MOST_UNPROVEN) this.standing = 'shared';
    }
    if (this.standing === 'shared') this.gaps = [];
  }
}

function gapBetween(from: number, to: number, noticedAt: number): LineGap {
  return { from, to, noticedAt, givenUpAt: null };
}
