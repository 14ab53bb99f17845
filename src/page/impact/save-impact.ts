import { useSignal } from '@preact/signals';
import { AskError, request, urlOf } from '../model/ask.ts';
import { h, type View } from '../parts/view.ts';
import { collectCsv, fileNameOf, nextCursorOf } from '../sessions/csv.ts';
import { countText } from '../words/numbers.ts';
import type { PartOfSite } from './part-of-site.ts';

const MOST_ROWS = 100_000;
const PAGE_ROWS = 1_000;

/** Saves everybody who is hit, not only those that are listed. */
export function SaveImpact({ part }: { readonly part: PartOfSite | null }): View {
  const said = useSignal('');
  const save = async (): Promise<void> => {
    said.value = 'saving …';
    try {
      said.value = await saveCsv({ ...part });
    } catch (error) {
      said.value = `not saved: ${error instanceof AskError ? error.message : String(error)}`;
    }
  };
  return h(
    'div',
    { class: 'tools' },
    h('span', { role: 'status', class: 'label' }, said.value),
    h('button', { type: 'button', onClick: () => void save() }, 'Save as CSV'),
  );
}

/** What came of it, in words. */
async function saveCsv(part: Partial<PartOfSite>): Promise<string> {
  let name = '';
  const { parts, rows } = await collectCsv(
    async (cursor) => {
      const url = urlOf('impact', { ...part, format: 'csv', limit: PAGE_ROWS, cursor });
      const response = await request(url, { accept: 'text/csv' }, null);
      name ||= fileNameOf(response.headers.get('content-disposition'));
      return { text: await response.text(), next: nextCursorOf(response.headers.get('link')) };
    },
    MOST_ROWS,
    () => {},
  );
  const address = URL.createObjectURL(new Blob([...parts], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to save by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return `${countText(rows, 'session')} saved`;
}
