import { expect, it } from 'vitest';
import { eventTime, parseLongIsoDate } from '../../src/formats/event-time.ts';

const RECEIVED_AT = Date.parse('2025-10-26T12:00:00Z');

it.each([
  ['20240519T115549.898+0200', '2024-05-19T09:55:49.898Z'],
  ['20240519T115549.898+02:00', '2024-05-19T09:55:49.898Z'],
  ['20240519T115549,898+02', '2024-05-19T09:55:49.898Z'],
  ['20240519T015549.898-0530', '2024-05-19T07:25:49.898Z'],
  ['20240519T115549.8987654Z', '2024-05-19T11:55:49.898Z'],
  ['20240519T115549.8Z', '2024-05-19T11:55:49.800Z'],
  ['20240519T115549Z', '2024-05-19T11:55:49.000Z'],
  ['20240229T235960.000+0000', '2024-03-01T00:00:00.000Z'],
  ['20251026T023000.000+0200', '2025-10-26T00:30:00.000Z'],
  ['20251026T023000.000+0100', '2025-10-26T01:30:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(new Date(parseLongIsoDate(text) ?? 0).toISOString()).toBe(expected);
});

it.each([
  '',
  'ongIso8601date',
  '20230229T115549.898+0200',
  '20241319T115549.898+0200',
  '20240019T115549.898+0200',
  '20240500T115549.898+0200',
  '20240519T245549.898+0200',
  '20240519T116049.898+0200',
  '20240519T115561.898+0200',
  '20240519T115549.898',
  '20240519T115549.898+2',
  '20240519T115549.898+02:',
  '20240519T115549.898+020',
  '20240519T115549.898+1500',
  '20240519T115549.898+0260',
  '20240519T115549.898+0200 ',
  '20240519T115549.898ZZ',
  '20240519 115549.898Z',
  '2024-05-19T11:55:49.898Z',
])('%j is no time', (text) => {
  expect(parseLongIsoDate(text)).toBeNull();
});

it('a time within a week before and ten minutes after the arrival is believed', () => {
  const original = RECEIVED_AT - 7 * 86_400_000;
  expect(eventTime(original, RECEIVED_AT)).toEqual({ at: original, originalAt: null, timed: true });
  expect(eventTime(RECEIVED_AT + 600_000, RECEIVED_AT).timed).toBe(true);
});

it('any other time gives way to the arrival time and is kept', () => {
  const original = RECEIVED_AT + 600_001;
  expect(eventTime(original, RECEIVED_AT)).toEqual({ at: RECEIVED_AT, originalAt: original, timed: false });
  expect(eventTime(RECEIVED_AT - 7 * 86_400_000 - 1, RECEIVED_AT).timed).toBe(false);
});

it('without a time the arrival time counts', () => {
  expect(eventTime(null, RECEIVED_AT)).toEqual({ at: RECEIVED_AT, originalAt: null, timed: false });
});
