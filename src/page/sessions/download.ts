import { useSignal } from '@preact/signals';
import { AskError, request, urlOf } from '../model/ask.ts';
import { h, type View } from '../parts/view.ts';
import { countText, numberText } from '../words/numbers.ts';
import { collectCsv, fileNameOf, nextCursorOf } from './csv.ts';
import type { SessionList } from './session-list.ts';

const MOST_ROWS = 100_000;
const PAGE_ROWS = 1_000;

/** Saves all sessions of the question that the table answers, not only those of the page that is shown. */
export function Download({ list, label }: { readonly list: SessionList; readonly label: string }): View {
  const isRunning = useSignal(false);
  const said = useSignal('');
  const download = async (): Promise<void> => {
    isRunning.value = true;
    said.value = '';
    try {
      said.value = await save(list, (rows) => {
        said.value = `${countText(rows, 'session')} so far`;
      });
    } catch (error) {
      said.value = `Not saved: ${error instanceof AskError ? error.message : String(error)}`;
    } finally {
      isRunning.value = false;
    }
  };
  return h(
    'span',
    { class: 'download' },
    h(
      'button',
      {
        type: 'button',
        'aria-label': label,
        'aria-disabled': isRunning.value,
        onClick: () => isRunning.value || download(),
      },
      'Download CSV',
    ),
    h('span', { role: 'status', class: 'label' }, said.value),
  );
}

/** What came of it, in words. */
async function save(list: SessionList, said: (rows: number) => void): Promise<string> {
  const asked = list.asked.peek();
  let name = '';
  const { parts, rows, isAll } = await collectCsv(
    async (cursor) => {
      const url = urlOf('sessions', { ...asked, format: 'csv', limit: PAGE_ROWS, cursor });
      const response = await request(url, { accept: 'text/csv' }, null);
      name ||= fileNameOf(response.headers.get('content-disposition'));
      return { text: await response.text(), next: nextCursorOf(response.headers.get('link')) };
    },
    MOST_ROWS,
    said,
  );
  const address = URL.createObjectURL(new Blob([...parts], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to save by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return isAll
    ? `${countText(rows, 'session')} saved`
    : `The first ${numberText(rows)} sessions are saved. There are more: filter them to get the others.`;
}
