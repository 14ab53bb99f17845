import { z } from 'zod';
import { deliverySettings } from '../src/core/delivery-settings.ts';

export const consoleSchema = z.strictObject({ type: z.literal('console'), ...deliverySettings });
export type ConsoleConfig = z.output<typeof consoleSchema>;
