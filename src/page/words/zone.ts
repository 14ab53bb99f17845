const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    ...({ year: 'numeric', month: '2-digit', day: '2-digit' } as const),
    ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
  });
  formats.set(zone, format);
  return format;
}

/** How far the clocks of a zone (IANA name) are ahead of UTC at a time, in milliseconds. */
export function offsetOf(time: number, zone: string): number {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

/**
 * When the clocks of a zone show something, which is given as if they were in UTC. The first time where they show it twice;
 * null where they pass over it.
 */
export function timeOfClock(shown: number, zone: string): number | null {
  const times = [shown - DAY_MS, shown + DAY_MS]
    .map((near) => shown - offsetOf(near, zone))
    .filter((time) => time + offsetOf(time, zone) === shown);
  return times.length === 0 ? null : Math.min(...times);
}
