import { z } from 'zod';
import { certificates, servername } from '../../receivers/qps/qps.schema.ts';
import { duration, host, integer } from '../contract/settings.ts';

/** Durations in milliseconds. Files of the QMC's export: paths in the configuration's folder. */
export const qrsSchema = z.strictObject({
  host: host(),
  port: integer(1, 65_535).prefault(4242),
  servername: servername.optional(),
  certificates: certificates.prefault({}),
  interval: duration('1m', '7d').prefault('1h'),
  /** For a whole answer. */
  timeout: duration('100ms', '5m').prefault('30s'),
});
export type QrsConfig = z.output<typeof qrsSchema>;
