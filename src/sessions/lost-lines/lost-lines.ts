import type { NumberedLine, Sender } from '../../contract/event.ts';
import { copied } from '../string-pool.ts';
import { LineCounter, type LineGap, MOST_APART, REORDERED_MS } from './line-counter.ts';
import { type LikelyChange, LineMix } from './line-mix.ts';

/** Anyone may send lines with made-up hosts and from made-up ports. */
const MOST_HOSTS = 2_000;
const MOST_STREAMS = 8;
/** Gaps waited for, and of those given up the latest: a line of theirs may still come. */
const MOST_OPEN_GAPS = 4_096;
const MOST_CONFIRMED_GAPS = 32;
/** Two counters that both go on within this time are two, not one that began again. */
const CONCURRENT_MS = 60_000;
/** A relay's connection says nothing about who wrote a line, so all of them are one sender. */
const RELAY: Sender = { address: '', port: 0 };

/** The row numbers of one host. */
interface HostLines {
  readonly name: string;
  /** Lines that never came; null while no counter of this host is known to number its lines one by one. */
  missing: number | null;
  /** That the numbers say nothing was reported. */
  sharedSaid: boolean;
  /** Of the lines that came. */
  readonly mix: LineMix;
  /** Newest first. */
  streams: LineCounter[];
}

/** What a checkpoint keeps. */
export interface LostLinesState {
  readonly missing: number;
  readonly hosts: readonly HostLines[];
}

/**
 * Lines that left Sense and never came, by the numbers that Headcount's own layout gives them (`%rownum`): one
 * counter an appender. A counter that begins again is a new stream, and what is missing of the one before stays
 * counted. A gap is counted when it is still open after five seconds; a line that comes later takes itself back.
 */
export class LostLines {
  readonly #hosts = new Map<string, HostLines>();
  /** Streams with gaps that are not counted yet. */
  readonly #open = new Map<LineCounter, HostLines>();
  #missing = 0;
  /** Called when a host's numbers turned out to be shared with something else; nothing can be said of it. */
  onShared: (host: string) => void = () => {};
  /** Called when lines are counted as missing, at `now`. They were written after `since`. */
  onLost: (host: string, lines: number, now: number, since: number) => void = () => {};
  /** Called when a line came that had been counted as missing at `givenUpAt`. */
  onCameLate: (host: string, givenUpAt: number) => void = () => {};
  /** Called when a counter that seemed to have begun again goes on: there are two. */
  onWentOn: (host: string) => void = () => {};

  /** Lines missing over all, since the store began. */
  get missing(): number {
    return this.#missing;
  }

  /** Hosts that number their lines. */
  get hosts(): Iterable<string> {
    return this.#hosts.keys();
  }

  /** Lines of a host that are missing; null where its numbers do not tell. */
  missingOf(host: string): number | null {
    return this.#hosts.get(host)?.missing ?? null;
  }

  /** Lines of a host that are waited for, of gaps no older than `since`: they come late, or are lost. */
  waitedFor(host: string, since: number): number {
    let lines = 0;
    if (this.#open.size === 0) return lines;
    for (const stream of this.#hosts.get(host)?.streams ?? []) {
      if (!this.#open.has(stream)) continue;
      for (const { givenUpAt, noticedAt, from, to } of stream.gaps) {
        if (givenUpAt === null && noticedAt >= since) lines += to - from + 1;
      }
    }
    return lines;
  }

  /** What so many lines of a host that nobody has read did to its sessions; fewer than none where they came after all. */
  likelyChange(host: string, lines: number): LikelyChange {
    return (this.#hosts.get(host)?.mix ?? new LineMix()).of(lines);
  }

  /** True where a counter of the host's proxy is known to number its lines one by one. */
  isProven(host: string): boolean {
    const streams = this.#hosts.get(host)?.streams ?? [];
    return streams.some(({ isRepository, standing }) => !isRepository && standing === 'proven');
  }

  /**
   * To be called for every line that arrived, whatever becomes of it. `sender` is null for a line that the journal
   * gives back: it goes on with the stream that it fits. Returns true where the counter of the host's proxy has
   * begun again with this line: the proxy may have ended every session.
   */
  note(line: NumberedLine, sender: Sender | null): boolean {
    const row = line.rowNumber;
    if (row === null) return false;
    const from = sender?.isConnection ? RELAY : sender;
    const host = this.#hosts.get(line.host) ?? this.#begin(line);
    if (host === null) return false;
    const stream = streamOf(host.streams, line, row, from);
    if (stream !== null) {
      stream.from ??= from;
      this.#take(host, stream, line, row);
      return false;
    }
    if (line.kind === null) return false;
    host.mix.arrived(line.kind);
    const fresh = new LineCounter(line, row, from);
    const isOfProxy = !fresh.isRepository;
    const replaced = isOfProxy ? host.streams.find((each) => isReplaced(each, line, row, from)) : undefined;
    if (replaced !== undefined) replaced.replacedAt = line.at;
    host.streams.unshift(fresh);
    if (host.streams.length > MOST_STREAMS) this.#forget(host, leastUsed(host.streams), line.receivedAt);
    return replaced !== undefined;
  }

  #begin(line: NumberedLine): HostLines | null {
    if (line.kind === null) return null;
    if (this.#hosts.size >= MOST_HOSTS) this.#forgetHosts(line.receivedAt);
    const name = copied(line.host);
    const host: HostLines = { name, missing: null, sharedSaid: false, mix: new LineMix(), streams: [] };
    this.#hosts.set(name, host);
    return host;
  }

  #take(host: HostLines, stream: LineCounter, line: NumberedLine, row: number): void {
    const before = stream.standing;
    const gapsBefore = stream.gaps.length;
    if (stream.replacedAt !== null && row > stream.highest && line.at >= stream.replacedAt) {
      stream.replacedAt = null;
      this.onWentOn(host.name);
    }
    // One that comes twice is one line.
    if (row > stream.highest) host.mix.arrived(line.kind);
    const givenUpAt = stream.take(line, row);
    if (givenUpAt !== null) {
      this.#count(host, -1);
      this.onCameLate(host.name, givenUpAt);
    }
    if (stream.standing !== before) this.#judged(host, stream);
    if (stream.gaps.length > MOST_OPEN_GAPS) this.#giveUp(host, stream.gaps.shift(), line.receivedAt);
    if (stream.gaps.length > gapsBefore) this.#open.set(stream, host);
  }

  #judged(host: HostLines, stream: LineCounter): void {
    if (stream.standing === 'proven') host.missing ??= 0;
    else if (!host.sharedSaid) {
      host.sharedSaid = true;
      this.onShared(host.name);
    }
  }

  /** To be called once a second: counts the gaps that have been open too long. */
  tick(now: number): void {
    // In a fixed order, so that a restart changes nothing about what comes first.
    const open = [...this.#open].sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
    for (const [stream, host] of open) {
      if (stream.standing === 'proven') this.#confirm(host, stream, now);
      if (stream.gaps.every((gap) => gap.givenUpAt !== null)) this.#open.delete(stream);
    }
  }

  #confirm(host: HostLines, stream: LineCounter, now: number): void {
    let confirmed = 0;
    for (const gap of stream.gaps) {
      // A clock that was set back must not make a gap wait.
      if (Math.abs(now - gap.noticedAt) >= REORDERED_MS) this.#giveUp(host, gap, now);
      if (gap.givenUpAt !== null) confirmed += 1;
    }
    if (confirmed <= MOST_CONFIRMED_GAPS) return;
    let tooMany = confirmed - MOST_CONFIRMED_GAPS;
    stream.gaps = stream.gaps.filter((gap) => gap.givenUpAt === null || tooMany-- <= 0);
  }

  #giveUp(host: HostLines, gap: LineGap | undefined, now: number): void {
    if (gap === undefined || gap.givenUpAt !== null) return;
    gap.givenUpAt = now;
    const lines = gap.to - gap.from + 1;
    this.#count(host, lines);
    this.onLost(host.name, lines, now, gap.heardAt ?? gap.noticedAt);
  }

  #count(host: HostLines, lines: number): void {
    host.missing = (host.missing ?? 0) + lines;
    host.mix.lost = Math.max(0, host.mix.lost + lines);
    this.#missing += lines;
  }

  #forget(host: HostLines, stream: LineCounter, now: number): void {
    if (stream.standing === 'proven') for (const gap of stream.gaps) this.#giveUp(host, gap, now);
    host.streams = host.streams.filter((each) => each !== stream);
    this.#open.delete(stream);
  }

  /** A quarter of the hosts, so that it costs little for each that comes: first those of which nothing is known. */
  #forgetHosts(now: number): void {
    const usedAt = ({ streams }: HostLines) => Math.max(0, ...streams.map((stream) => stream.usedAt));
    const known = ({ missing }: HostLines) => (missing === null ? 0 : 1);
    const byUse = [...this.#hosts.values()].sort((a, b) => known(a) - known(b) || usedAt(a) - usedAt(b));
    for (const host of byUse.slice(0, MOST_HOSTS / 4)) {
      for (const stream of host.streams) this.#forget(host, stream, now);
      this.#hosts.delete(host.name);
    }
  }

  get state(): LostLinesState {
    return { missing: this.#missing, hosts: [...this.#hosts.values()] };
  }

  /** Takes what `state` gave, as it comes out of JSON. */
  restore(state: LostLinesState): void {
    this.#missing = state.missing;
    for (const saved of state.hosts) {
      const streams = saved.streams.map((stream) => LineCounter.restored(stream));
      // Not in earlier states.
      const mix = Object.assign(new LineMix(), saved.mix);
      const host: HostLines = { ...saved, mix, streams };
      this.#hosts.set(host.name, host);
      for (const stream of streams) if (stream.gaps.length > 0) this.#open.set(stream, host);
    }
  }
}

/** The stream that a line belongs to; null where it is the first of a new one. */
function streamOf(
  streams: readonly LineCounter[],
  line: NumberedLine,
  row: number,
  from: Sender | null,
): LineCounter | null {
  let isNewest = true;
  for (const stream of streams) {
    if (!stream.mayHave(line.kind, from)) continue;
    if ((isNewest || stream.isConcurrent) && stream.isNext(line, row)) return stream;
    isNewest = false;
  }
  if (isNewest) return null;
  const own = streams.filter((stream) => stream.mayHave(line.kind, from));
  return lateOf(own, line, row) ?? jumpOf(own, line, row);
}

/** A late line belongs to the counter that was running when it was written. */
function lateOf(own: readonly LineCounter[], line: NumberedLine, row: number): LineCounter | null {
  const isBefore = (stream: LineCounter) => (row < stream.lowest ? 1 : 0);
  const [running] = own
    .filter((stream) => stream.covers(line, row))
    .sort((a, b) => isBefore(a) - isBefore(b) || a.highestAt - b.highestAt);
  return running ?? null;
}

/** The nearest counter that goes on; the numbers between are missing. */
function jumpOf(own: readonly LineCounter[], line: NumberedLine, row: number): LineCounter | null {
  // Of a refused line it is not known which service wrote it.
  if (line.kind === null && own.some((stream) => stream.isRepository !== own[0]?.isRepository)) return null;
  // The counter that ended before the newest one of its sender began does not go on.
  const isOver = (stream: LineCounter, place: number) =>
    !stream.isConcurrent && own.slice(0, place).some((newer) => newer.mayHave(null, stream.from));
  const [nearest] = own
    .filter((stream, place) => stream.mayReach(line, row) && !isOver(stream, place))
    .sort((a, b) => b.highest - a.highest);
  const isSure = nearest?.standing === 'proven' && row - nearest.highest <= MOST_APART;
  if (nearest !== undefined && isSure) return nearest;
  // Unless it does at once, number by number: then there are two, or the newest was a stray.
  const revived = own.find(
    (stream) => stream.isNext(line, row) && line.receivedAt - stream.usedAt < CONCURRENT_MS,
  );
  if (revived === undefined) return nearest ?? null;
  revived.isConcurrent = true;
  return revived;
}

function isReplaced(stream: LineCounter, line: NumberedLine, row: number, from: Sender | null): boolean {
  return !stream.isRepository && stream.isReplacedBy(line, row, from);
}

function leastUsed(streams: readonly LineCounter[]): LineCounter {
  return streams.reduce((least, each) => (each.usedAt < least.usedAt ? each : least));
}
