import { z } from 'zod';

/** What an answer says where central Headcounts share a stream, and nowhere else. */
export const OF_CENTRES = {
  partial: z
    .boolean()
    .optional()
    .describe('where central Headcounts share a stream: true where what some of them have is not here'),
  missingPartitions: z
    .array(z.int())
    .optional()
    .describe('where this is of all of them: partitions for which nobody answered in time'),
};
