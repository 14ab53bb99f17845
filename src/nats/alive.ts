import { z } from 'zod';
import { QUALITIES, QUALITY_REASONS } from '../contract/quality.ts';
import type { EdgeAlive } from '../contract/sites/forwarding.ts';
import { jsonOf, site } from './message.ts';

/** On which an edge says now and then that it is there. No message of the stream. */
export function aliveSubjectOf(stream: string, edge: string): string {
  return `${stream}.alive.${edge}`;
}

/** Whose sign of life it is. */
export function edgeOfAlive(subject: string): string | null {
  return /\.alive\.([A-Za-z0-9_-]{1,64})$/.exec(subject)?.[1] ?? null;
}

const count = z.int().min(0);
const time = z.number().min(0).max(8.64e15);
const quality = {
  quality: z.enum(QUALITIES),
  reasons: z.array(z.enum(QUALITY_REASONS)).max(QUALITY_REASONS.length),
  hidden: count.nullable(),
  doubtfulSessions: count,
  doubtfulUsers: count,
};
const host = z.object({
  host: z.string().max(255),
  reconciledAt: time.nullable(),
  clockOffsetMs: z.number().nullable(),
  ...quality,
});
const aliveSchema = z.object({
  site,
  report: z.object({
    at: time,
    head: count,
    all: z.object(quality),
    hosts: z.array(host).max(1_000),
    downtimes: z.array(z.object({ from: time, to: time })).max(1_000),
  }),
  done: count,
  caughtUpTo: time,
  sent: z.array(count).max(256),
});

/** In at most so many bytes: where hosts are too many, those with the most sessions are told of. */
export function encodeAlive(alive: EdgeAlive, mostBytes: number): string {
  const text = JSON.stringify(alive);
  if (Buffer.byteLength(text) <= mostBytes || alive.report.hosts.length === 0) return text;
  const hosts = alive.report.hosts.slice(0, Math.floor(alive.report.hosts.length / 2));
  return encodeAlive({ ...alive, report: { ...alive.report, hosts } }, mostBytes);
}

/** Null where it is none. */
export function decodeAlive(text: string): EdgeAlive | null {
  return aliveSchema.safeParse(jsonOf(text)).data ?? null;
}
