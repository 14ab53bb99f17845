import { describe, expect, it } from 'vitest';
import { SenderNumbers } from '../../../receivers/udp/sender-numbers.ts';

const MOST = 10_000;

function numbersUnderTest() {
  const introduced = new Map<number, string>();
  const room = { isLeft: true };
  const numbers = new SenderNumbers((sender, address, port) => {
    if (room.isLeft) introduced.set(sender, `${address} ${port}`);
    return room.isLeft;
  });
  return { numbers, introduced, room };
}

describe('numbers of senders', () => {
  it('are the same for the same address and port, however they take turns', () => {
    const { numbers, introduced } = numbersUnderTest();
    const senders = [
      ['::1', 1],
      ['::1', 2],
      ['::ffff:192.0.2.1', 1],
      ['::ffff:192.0.2.1', 2],
    ] as const;
    for (let round = 0; round < 3; round += 1) {
      expect(senders.map(([address, port]) => numbers.of(address, port))).toEqual([0, 1, 2, 3]);
    }
    expect([...introduced.values()]).toEqual(senders.map((sender) => sender.join(' ')));
  });

  it('are given to nobody who could not be introduced, until that can be', () => {
    const { numbers, introduced, room } = numbersUnderTest();
    room.isLeft = false;
    expect([numbers.of('::1', 1), numbers.of('::1', 1)]).toEqual([null, null]);
    room.isLeft = true;
    expect([numbers.of('::1', 1), introduced.size]).toEqual([0, 1]);
  });

  it('begin again after ten thousand, and everybody is introduced anew then', () => {
    const { numbers, introduced } = numbersUnderTest();
    for (let port = 0; port < MOST; port += 1) expect(numbers.of('::1', port)).toBe(port);
    expect(numbers.of('::1', MOST)).toBe(0);
    expect(numbers.of('::1', 7)).toBe(1);
    expect(numbers.of('::2', 7)).toBe(2);
    expect([introduced.get(0), introduced.get(1), introduced.get(2)]).toEqual([
      '::1 10000',
      '::1 7',
      '::2 7',
    ]);
  });
});
