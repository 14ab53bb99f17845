import { readFileSync } from 'node:fs';

export const UNIT = new URL('../../service/headcount.service', import.meta.url);

/** The last value of each key; those that may stand more than once are joined by a space. */
export function readUnit(): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of readFileSync(UNIT, 'utf8').split('\n')) {
    const [, key, value] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    values.set(key, values.has(key) ? `${values.get(key)} ${value}` : value);
  }
  return values;
}
