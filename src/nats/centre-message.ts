import { hash } from 'node:crypto';
import { z } from 'zod';
import type { CentreWord } from '../contract/centres/centre.ts';
import { MOST_PARTITIONS } from './stream.ts';

/** Words and questions of other layouts are refused. */
const LAYOUT = 1;
/** Longer than any URL that the API takes. */
const MOST_PATH = 16_384;

/** On which a centre says each second what it counts. No message of the stream. */
export function wordSubjectOf(stream: string, centre: string): string {
  return `${stream}.centres.${centre}`;
}

/** On which a centre is asked. No message of the stream. */
export function questionSubjectOf(stream: string, centre: string): string {
  return `${stream}.questions.${centre}`;
}

/** Where leases of a stream are kept: the name of a bucket of a key-value store, which takes fewer characters than that of a stream. */
export function bucketOf(stream: string): string {
  const isPlain = /^[A-Za-z0-9_-]{1,100}$/.test(stream);
  return `${isPlain ? stream : hash('sha256', stream, 'hex').slice(0, 32)}-leases`;
}

export function encodeWord({ partitions, term, isSure, counts }: CentreWord): string {
  return JSON.stringify({ layout: LAYOUT, partitions, term, isSure, counts });
}

const wordSchema = z.object({
  layout: z.literal(LAYOUT),
  partitions: z
    .array(
      z
        .int()
        .min(0)
        .max(MOST_PARTITIONS - 1),
    )
    .min(1)
    .max(MOST_PARTITIONS),
  term: z.int().min(1).nullable(),
  isSure: z.boolean(),
  counts: z.unknown(),
});

/** Null where it is none. */
export function decodeWord(subject: string, text: string): CentreWord | null {
  const centre = /\.centres\.([A-Za-z0-9_-]{1,64})$/.exec(subject)?.[1];
  const word = wordSchema.safeParse(jsonOf(text)).data;
  if (centre === undefined || word === undefined) return null;
  const partitions = [...new Set(word.partitions)].sort((a, b) => a - b);
  const { term, isSure, counts } = word;
  return { centre, partitions, term, isSure, counts };
}

const questionSchema = z.object({ layout: z.literal(LAYOUT), path: z.string().min(1).max(MOST_PATH) });

export function encodeQuestion(path: string): string {
  return JSON.stringify({ layout: LAYOUT, path });
}

/** The path that is asked for; null where it is no question. */
export function decodeQuestion(text: string): string | null {
  return questionSchema.safeParse(jsonOf(text)).data?.path ?? null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
