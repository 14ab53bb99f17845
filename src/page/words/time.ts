import { signal } from '@preact/signals';

/** In which zone times are shown: that of the browser, or UTC. */
export const zone = signal<'local' | 'UTC'>('local');

export const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** IANA name of the zone in which times are shown. */
export function zoneName(): string {
  return zone.value === 'UTC' ? 'UTC' : LOCAL_ZONE;
}

/** A time: ISO 8601, or ms since 1970 UTC. */
export type Time = string | number;

const FORMS = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { hour: '2-digit', minute: '2-digit' },
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  full: {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'shortOffset',
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * A time in words: `clock` 10:14:05, `minute` 10:14, `day` Thu 19 Nov, `date` 19 Nov, 10:14:05, `full` with everything and
 * the zone.
 */
export function timeText(time: Time, form: keyof typeof FORMS): string {
  const name = zoneName();
  const key = `${form} ${name}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { ...FORMS[form], timeZone: name, hourCycle: 'h23' });
    formats.set(key, format);
  }
  return format.format(new Date(time));
}

/** `clock` for a time of the same day as `now`, else with the date. */
export function shortTime(time: Time, now: number): string {
  return timeText(time, timeText(time, 'day') === timeText(now, 'day') ? 'clock' : 'date');
}

/** Such as 12 s, 4 min 5 s, 3 h 20 min, 2 d 4 h. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [size, name, nextSize, nextName] =
    whole < 3600 ? [60, 'min', 1, 's'] : whole < 86_400 ? [3600, 'h', 60, 'min'] : [86_400, 'd', 3600, 'h'];
  const rest = Math.floor((whole % size) / nextSize);
  return `${Math.floor(whole / size)} ${name}${rest === 0 ? '' : ` ${rest} ${nextName}`}`;
}
