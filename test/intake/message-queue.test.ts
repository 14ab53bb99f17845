import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageQueue } from '../../src/intake/message-queue.ts';

const SENDER = { address: '192.0.2.1', port: 1 };
const MOST_MESSAGES = 65_536;

function drained(queue: MessageQueue): [text: string, receivedAt: number][] {
  const taken: [string, number][] = [];
  queue.drain((memory, start, end, sender, receivedAt) => {
    expect(sender).toBe(SENDER);
    taken.push([memory.toString('utf8', start, end), receivedAt]);
  });
  return taken;
}

describe('the queue of messages', () => {
  it('gives them back in order, each with its moment, and is empty then', () => {
    const queue = new MessageQueue(100);
    for (const [at, text] of ['one', '', 'three'].entries()) queue.push(Buffer.from(text), SENDER, at);
    expect(queue.length).toBe(3);
    expect(drained(queue)).toEqual([
      ['one', 0],
      ['', 1],
      ['three', 2],
    ]);
    expect([queue.length, drained(queue)]).toEqual([0, []]);
  });

  it('takes as many bytes as it has memory, not one more, and as many again once it is emptied', () => {
    const queue = new MessageQueue(16);
    for (let round = 0; round < 2; round += 1) {
      expect(queue.push(Buffer.from('123456'), SENDER, 0)).toBe(true);
      // Each message begins at a multiple of eight.
      expect(queue.push(Buffer.from('123456789'), SENDER, 0)).toBe(false);
      expect(queue.push(Buffer.from('12345678'), SENDER, 0)).toBe(true);
      expect(drained(queue).map(([text]) => text)).toEqual(['123456', '12345678']);
    }
  });

  it('takes so many messages, not one more, however small', () => {
    const queue = new MessageQueue(10);
    for (let n = 0; n < MOST_MESSAGES; n += 1) expect(queue.push(Buffer.alloc(0), SENDER, n)).toBe(true);
    expect(queue.push(Buffer.alloc(0), SENDER, 0)).toBe(false);
    expect(drained(queue).at(-1)).toEqual(['', MOST_MESSAGES - 1]);
  });

  it('gives back some at a time, and takes more in between, as a plain list does', () => {
    const step = fc.oneof(
      fc.record({ push: fc.string({ maxLength: 20 }) }),
      fc.record({ drain: fc.nat({ max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new MessageQueue(200);
        const model: string[] = [];
        for (const [at, each] of steps.entries()) {
          if ('push' in each) {
            if (queue.push(Buffer.from(each.push), SENDER, at)) model.push(each.push);
            else expect(model.length).toBeGreaterThan(0);
          } else {
            const taken: string[] = [];
            queue.drain((memory, start, end) => taken.push(memory.toString('utf8', start, end)), each.drain);
            expect(taken).toEqual(model.splice(0, each.drain));
          }
          expect(queue.length).toBe(model.length);
        }
        expect(drained(queue).map(([text]) => text)).toEqual(model);
      }),
    );
  });
});
