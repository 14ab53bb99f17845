import type { z } from 'zod';
import { byType } from '../src/core/by-type.ts';

/** One entry of `sinks`, told apart by `type`. A new kind of sink is one line in this table; it is empty yet. */
export const sinkSchemas = byType('sink', {});
export type SinkConfig = z.output<typeof sinkSchemas>;
