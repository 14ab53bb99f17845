const WHOLE = new Intl.NumberFormat('en-GB');

/** `–` where nobody knows: never 0 for that reason. */
export const UNKNOWN = '–';

export function numberText(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : WHOLE.format(value);
}

/** `1 session`, `2 sessions`; the plural is the singular with an s unless given. */
export function countText(value: number, one: string, many = `${one}s`): string {
  return `${WHOLE.format(value)} ${value === 1 ? one : many}`;
}
