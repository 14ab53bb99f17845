import { z } from 'zod';
import { jsonOf } from './message.ts';

/** On which a central Headcount tells an edge how far it is. No message of the stream. */
export function takenSubjectOf(stream: string, edge: string): string {
  return `${stream}.taken.${edge}`;
}

/** `through`: by partition, the number up to which it has taken events of that edge; null where it does not follow the partition. */
const takenSchema = z.object({
  centre: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  through: z.array(z.int().min(0).nullable()).max(256),
});
export type Taken = Readonly<z.output<typeof takenSchema>>;

export function encodeTaken(taken: Taken): string {
  return JSON.stringify(taken);
}

/** Null where it is none. */
export function decodeTaken(text: string): Taken | null {
  return takenSchema.safeParse(jsonOf(text)).data ?? null;
}
