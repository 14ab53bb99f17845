/** One item of a request: its JSON value, or that its line is no JSON. */
export type BodyItem = { readonly value: unknown } | { readonly notJson: true };

/** Content types with one JSON value a line. */
export const LINE_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/**
 * The items of a JSON body: those of an array, else the one value.
 * @throws SyntaxError where the whole body is no JSON
 */
export function jsonItems(text: string): BodyItem[] {
  // Windows PowerShell writes a byte order mark, which JSON does not know.
  const body: unknown = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  return (Array.isArray(body) ? body : [body]).map((value: unknown) => ({ value }));
}

/** The items of a body of lines; a blank line is none, a broken one is an item of its own. */
export function lineItems(text: string): BodyItem[] {
  const items: BodyItem[] = [];
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  for (const line of body.split('\n')) {
    if (line.trim() !== '') items.push(lineItem(line));
  }
  return items;
}

function lineItem(line: string): BodyItem {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return { notJson: true };
  }
}
