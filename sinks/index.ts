import type { z } from 'zod';
import { byType } from '../src/contract/by-type.ts';
import type { Sink, SinkParts } from '../src/contract/sink.ts';
import { consoleSchema, createConsoleSink } from './console.ts';
import { questDbSchema } from './questdb/questdb.schema.ts';
import { createQuestDbSink } from './questdb/questdb.ts';

/** One entry of `sinks`, told apart by `type`. A new kind of sink is one more line here and below. */
export const sinkSchemas = byType('sink', {
  console: consoleSchema,
  questdb: questDbSchema,
});
export type SinkConfig = z.output<typeof sinkSchemas>;

type Configs = { readonly [C in SinkConfig as C['type']]: C };
type Create<C> = (config: C, parts: SinkParts) => Sink;

const factories: { readonly [T in keyof Configs]: Create<Configs[T]> } = {
  console: createConsoleSink,
  questdb: createQuestDbSink,
};

/** Makes a sink; it does nothing before `start`. */
export function createSink(config: SinkConfig, parts: SinkParts): Sink {
  const create = factories[config.type] as Create<SinkConfig>;
  return create(config, parts);
}
