import { appendFileSync, readFileSync } from 'node:fs';
import { WorkerSide } from '../../src/threads/worker-side.ts';

/** A real thread that does what a test needs of one. `starts`: a file that gets one byte for each start. */
export interface SmallTalk {
  readonly data: { readonly starts: string; readonly dies: 'never' | 'first' | 'at start' };
  readonly toWorker: 'die' | 'exit' | 'spin' | 'ignore stop' | ArrayBuffer;
  readonly fromWorker: number;
  readonly question: 'start' | 'never' | 'throw';
  readonly answer: number;
}

const side = new WorkerSide<SmallTalk>();
const { starts, dies } = side.data;
appendFileSync(starts, '.');
const start = readFileSync(starts).length;
if (dies === 'at start' || (dies === 'first' && start === 1)) throw new Error(`start ${start} failed`);
let ignoresStop = false;

side.serve({
  heard(message) {
    if (message === 'die') throw new Error(`start ${start} died`);
    if (message === 'exit') side.close();
    else if (message === 'ignore stop') ignoresStop = true;
    else if (message === 'spin') for (;;);
    else side.tell(message.byteLength, [message]);
  },
  answer(question) {
    if (question === 'throw') throw new Error('no answer to that');
    // Nobody gets an answer from a thread that has no turn any more.
    if (question === 'never') for (;;);
    return start;
  },
  stop() {
    if (!ignoresStop) side.close();
  },
});
