import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRing, RingReader, RingWriter } from '../../../receivers/udp/ring.ts';

const MIB = 1_048_576;

type Record =
  | { readonly text: string; readonly sender: number; readonly at: number }
  | { readonly number: number; readonly address: string; readonly port: number };

function drained(reader: RingReader, most = Number.POSITIVE_INFINITY): Record[] {
  const records: Record[] = [];
  reader.drain(
    most,
    (bytes, sender, at) => records.push({ text: Buffer.from(bytes).toString(), sender, at }),
    (number, address, port) => records.push({ number, address, port }),
  );
  return records;
}

function sides(bytes: number) {
  const memory = createRing(bytes);
  const woken = { times: 0 };
  const writer = new RingWriter(memory, () => {
    woken.times += 1;
  });
  return { memory, writer, reader: new RingReader(memory), woken };
}

const command = fc.oneof(
  fc.record({ length: fc.nat(150), sender: fc.nat(9_999), at: fc.double({ noNaN: true }) }),
  fc.record({ number: fc.nat(9_999), address: fc.ipV6(), port: fc.nat(65_535) }),
  fc.record({ most: fc.nat(5) }),
);

describe('the ring between the thread that reads and the one that works', () => {
  it('gives back what was put in, in order, or has counted it as dropped: as a list of what fits would', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 900 }),
        fc.array(command, { maxLength: 200 }),
        (bytes, commands) => {
          const { writer, reader } = sides(bytes);
          const model: Record[] = [];
          let dropped = 0;
          for (const each of commands) {
            if ('most' in each) {
              expect(drained(reader, each.most)).toEqual(model.splice(0, each.most));
            } else if ('number' in each) {
              if (writer.introduce(each.number, each.address, each.port)) model.push(each);
            } else {
              const record = { text: 'x'.repeat(each.length), sender: each.sender, at: each.at };
              if (writer.push(Buffer.from(record.text), each.sender, each.at)) model.push(record);
              else dropped += 1;
            }
            expect(reader.dropped).toBe(dropped);
          }
          expect(drained(reader)).toEqual(model);
        },
      ),
    );
  });

  it('drops only what finds no room: an empty ring takes anything up to half its size, again and again', () => {
    const { writer, reader } = sides(1_024);
    for (let round = 0; round < 100; round += 1) {
      expect(writer.push(Buffer.alloc(300 + round), 1, round)).toBe(true);
      expect(writer.push(Buffer.alloc(700), 1, round)).toBe(false);
      expect(drained(reader)).toHaveLength(1);
    }
    expect(reader.dropped).toBe(100);
  });

  it('holds 64 MiB of lines with what is noted of each, which is seven seconds of 20,000 a second', () => {
    const { writer, reader } = sides(64 * MIB);
    const line = Buffer.alloc(330);
    let held = 0;
    while (writer.push(line, 0, 0)) held += 1;
    expect(held).toBeGreaterThan(7 * 20_000);
    expect(drained(reader)).toHaveLength(held);
  });

  it('holds as much when it was begun anew, as it is in the hurry after a stall', () => {
    const { writer, reader } = sides(4 * MIB);
    const line = Buffer.alloc(330);
    for (let round = 0; round < 5; round += 1) {
      // Beyond where an empty ring is begun anew.
      for (let n = 0; n < 1_000; n += 1) writer.push(line, 0, n);
      expect(drained(reader)).toHaveLength(1_000);
      let held = 0;
      while (writer.push(line, 0, held)) held += 1;
      expect(held).toBeGreaterThan(11_000);
      const all = drained(reader);
      expect([all.length, all.at(-1)]).toMatchObject([held, { at: held - 1 }]);
    }
  });

  it('goes on with another writer where the one before has died', () => {
    const { memory, writer, reader } = sides(MIB);
    writer.push(Buffer.from('before'), 1, 2);
    const next = new RingWriter(memory, () => {});
    next.introduce(1, '::1', 5);
    next.push(Buffer.from('after'), 1, 3);
    expect(drained(reader)).toEqual([
      { text: 'before', sender: 1, at: 2 },
      { number: 1, address: '::1', port: 5 },
      { text: 'after', sender: 1, at: 3 },
    ]);
  });

  it('wakes whoever sleeps once, and lets nobody sleep beside a datagram', () => {
    const { writer, reader, woken } = sides(MIB);
    writer.push(Buffer.from('one'), 0, 0);
    expect([reader.sleep(), woken.times]).toEqual([false, 0]);
    drained(reader);
    expect(reader.sleep()).toBe(true);
    writer.push(Buffer.from('two'), 0, 0);
    writer.push(Buffer.from('three'), 0, 0);
    expect(woken.times).toBe(1);
  });

  it('loses and mixes up nothing between two threads that do not wait for each other', async () => {
    const memory = createRing(16_384);
    const reader = new RingReader(memory);
    const count = 200_000;
    const thread = new Worker(new URL('./filling-thread.ts', import.meta.url), {
      workerData: { memory, count },
    });
    const ended = once(thread, 'exit');
    let [received, wrong, last] = [0, 0, -1];
    const take = (bytes: Uint8Array, sender: number, at: number): void => {
      received += 1;
      // Each datagram says by its length and in every byte which one it is.
      const isWhole = bytes.length === at % 300 && bytes.every((byte) => byte === at % 256);
      if (!isWhole || sender !== at % 1_000 || at <= last) wrong += 1;
      last = at;
    };
    while (received + reader.dropped < count) {
      reader.drain(Number.POSITIVE_INFINITY, take, () => {});
      await new Promise(setImmediate);
    }
    await ended;
    expect(wrong).toBe(0);
    expect(received + reader.dropped).toBe(count);
  });
});
