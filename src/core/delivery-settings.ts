import { duration, integer, oneOf, text } from './settings.ts';

/**
 * What every kind of sink can be told about its delivery: the most rows offered at once, the pause between two
 * offers while there is little to deliver (ms), the time one offer may take (ms), and what becomes of rows that
 * retention reaches before they are delivered.
 */
export const deliverySettings = {
  name: text('a name').optional(),
  batchSize: integer(1, 50_000).prefault(5_000),
  interval: duration('10ms', '1h').prefault('250ms'),
  timeout: duration('100ms', '10m').prefault('30s'),
  undelivered: oneOf('keep', 'drop').prefault('keep'),
} as const;

/** The same as read from the configuration. */
export interface DeliverySettings {
  readonly batchSize: number;
  readonly interval: number;
  readonly timeout: number;
  readonly undelivered: 'keep' | 'drop';
}
