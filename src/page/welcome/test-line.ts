import { useSignal } from '@preact/signals';
import { AskError, send } from '../model/ask.ts';
import { h, type View } from '../parts/view.ts';
import { testLine } from './first-steps.ts';

/** For so long somebody can see the made-up session. */
const STAYS_MS = 30_000;

interface Taken {
  readonly accepted: number;
  readonly excluded: number;
  readonly refused: readonly { readonly reason: string }[];
}

/** Sends a line that looks like a log-in, so that somebody sees Headcount count, and says what came of it. */
export function TestLine({ isAllowed }: { readonly isAllowed: boolean }): View {
  const said = useSignal('');
  if (!isAllowed) {
    return h(
      'p',
      null,
      'To try it without Sense, run ',
      h('code', null, 'npm run headcount -- send-test'),
      ' on the machine on which Headcount runs.',
    );
  }
  const sendLine = async (): Promise<void> => {
    said.value = 'sending …';
    const id = `test-${Date.now()}`;
    said.value = await sent('session_start', id);
    setTimeout(() => void sent('session_stop', id), STAYS_MS);
  };
  return h(
    'div',
    { class: 'tools' },
    h('button', { type: 'button', class: 'primary', onClick: () => void sendLine() }, 'Send a test line'),
    h('span', { role: 'status' }, said.value),
  );
}

/** What came of it, in words. */
async function sent(type: 'session_start' | 'session_stop', id: string): Promise<string> {
  try {
    const { accepted, excluded, refused } = await send<Taken>('events', [testLine(type, id)]);
    if (accepted > 0) return 'It was counted: HEADCOUNT\\test is on for half a minute.';
    if (excluded > 0) return 'It came, and the blacklist leaves its user out.';
    return `It came and was not taken: ${refused[0]?.reason ?? 'a second copy'}.`;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    return error.status === 403 || error.status === 401
      ? 'It was not taken: your token may not send. "npm run headcount -- send-test" on the machine of Headcount needs none.'
      : `It was not taken: ${error.message}.`;
  }
}
