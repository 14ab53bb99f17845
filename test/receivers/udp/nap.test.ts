import { describe, expect, it } from 'vitest';
import { Nap } from '../../../receivers/udp/nap.ts';

const MIB = 1_048_576;

function napUnderTest() {
  const naps: number[] = [];
  const nap = new Nap((ms) => void naps.push(ms));
  /** A turn of the event loop that reads so many datagrams, and what was slept after it. */
  const turn = async (datagrams: number): Promise<number[]> => {
    for (let n = 0; n < datagrams; n += 1) nap.noteRead();
    await new Promise(setImmediate);
    return naps.splice(0);
  };
  return { nap, turn };
}

describe('a nap', () => {
  it('is taken after each turn that has read all there was', async () => {
    const { nap, turn } = napUnderTest();
    nap.holds(4 * MIB);
    for (const datagrams of [31, 1, 20]) expect(await turn(datagrams)).toEqual([4]);
  });

  it('is not taken after a turn that has left something behind, or that has read nothing', async () => {
    const { nap, turn } = napUnderTest();
    nap.holds(4 * MIB);
    for (const datagrams of [32, 33, 0]) expect(await turn(datagrams)).toEqual([]);
  });

  it('is shorter where the receive buffer is small, and never longer', async () => {
    const { nap, turn } = napUnderTest();
    nap.holds(MIB);
    expect(await turn(1)).toEqual([1]);
    nap.holds(1_024 * MIB);
    expect(await turn(1)).toEqual([4]);
  });

  it('is not taken before the buffer is known, nor after the end', async () => {
    const { nap, turn } = napUnderTest();
    expect(await turn(1)).toEqual([]);
    nap.holds(4 * MIB);
    nap.noteRead();
    nap.end();
    expect(await turn(1)).toEqual([]);
  });
});
