import { byType, pluginOf } from '../src/contract/plugin.ts';
import type { Sink, SinkParts, SinkPlugin, SinkSettings } from '../src/contract/sink.ts';
import { consoleSink } from './console.ts';
import { mqttSink } from './mqtt/mqtt.ts';
import { natsSink } from './nats/nats.ts';
import { questDbSink } from './questdb/questdb.ts';

/** Every kind of sink. A new one is one more line here. */
export const SINKS = [consoleSink, questDbSink, mqttSink, natsSink] as const;

/** One entry of `sinks`, told apart by `type`. */
export const sinkSchemas = byType('sink', SINKS);

/** What is known of the kind that an entry is of. */
export function sinkPlugin(config: SinkSettings): SinkPlugin {
  return pluginOf<SinkPlugin>(SINKS, config);
}

/** Makes a sink; it does nothing before `start`. */
export function createSink(config: SinkSettings, parts: SinkParts): Sink {
  return sinkPlugin(config).create(config, parts);
}
