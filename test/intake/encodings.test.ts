import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENCODINGS, type Encoding } from '../../src/contract/encoding.ts';
import { decodeMessage } from '../../src/formats/index.ts';
import { identityHolds, pipelineUnderTest } from './pipeline-under-test.ts';

const inputOf = (name: string) => readFileSync(join(import.meta.dirname, '../cases/ansi-code-pages', name));
const NOW = Date.UTC(2026, 0, 5, 8);

function given(bytes: Buffer, encoding?: Encoding) {
  const samples: [kind: string, sample: string][] = [];
  const rules = [{ directory: 'LAB', userId: 'blocked' }];
  const under = pipelineUnderTest(rules, (kind, sample) => samples.push([kind, sample]));
  const sender = { address: '192.0.2.1', port: 4242, encoding };
  const receive = (message: Buffer) => {
    under.pipeline.receive(message, sender, NOW);
    under.pipeline.work();
    expect(identityHolds(under.pipeline)).toBe(true);
  };
  receive(bytes);
  return { ...under, ...under.pipeline.counters, samples, receive };
}

describe('a line in the code page of its server', () => {
  it.each([
    ['cp1250.bin', 'windows-1250', 'łukasz'],
    ['cp1251.bin', 'windows-1251', 'Иван'],
    ['cp932.bin', 'shift_jis', '山田'],
  ] as const)('has the right names where the receiver says which it is: %s', (file, encoding, id) => {
    const { store, faults, faultyHosts, samples } = given(inputOf(file), encoding);
    expect(store.events.map(({ user, message }) => [user?.id.toLowerCase(), message])).toEqual([
      [id.toLowerCase(), null],
    ]);
    expect([faults.size, faultyHosts.all, samples]).toEqual([0, [], []]);
  });

  it.each(['cp1250.bin', 'cp1251.bin', 'cp932.bin'])(
    'is a fault of its host where nobody says it: %s',
    (file) => {
      const { store, faults, faultyHosts, samples, receive } = given(inputOf(file));
      expect(store.events).toHaveLength(1);
      receive(inputOf(file));
      expect(faults).toEqual(new Map([['not_utf8', 2]]));
      const remedy = expect.stringMatching(
        /guessed.*<encoding value="utf-8" \/>.*"encoding" of the receiver/,
      );
      expect(faultyHosts.all).toEqual([{ host: 'node1', fault: 'not_utf8', lines: 2, lastAt: NOW, remedy }]);
      const said = expect.stringMatching(/^node1, from 192\.0\.2\.1: .*<encoding value="utf-8" \/>/);
      expect(samples).toEqual([
        ['not_utf8', said],
        ['not_utf8', said],
      ]);
    },
  );

  it('is a fault of whoever sent it where it is no event, and where its user is on the blacklist', () => {
    const { receive, faultyHosts, faults } = given(Buffer.from('nonsense \xff', 'latin1'));
    receive(Buffer.from('/qseow-proxy-session/;node2;Start session;LAB;blocked;;;\xe9', 'latin1'));
    expect(faultyHosts.all.map(({ host, lines }) => [host, lines])).toEqual([
      ['192.0.2.1', 1],
      ['node2', 1],
    ]);
    expect(faults).toEqual(new Map([['not_utf8', 2]]));
  });

  it('is UTF-8 all the same where it is valid UTF-8, whatever the receiver says', () => {
    for (const encoding of [undefined, ...ENCODINGS]) {
      const bytes = Buffer.from('J\u00fcrgen 山田 \ufffd');
      expect(decodeMessage(bytes, 0, bytes.length, encoding)).toBe(bytes.toString());
    }
  });
});

describe('hosts with faults', () => {
  it('are at most 1,000, the one with the most lines stays, and the sums go on', () => {
    const { receive, faultyHosts, faults } = given(Buffer.from('x\xff', 'latin1'));
    for (let n = 0; n < 9; n += 1) {
      receive(Buffer.from('/qseow-proxy-session/;real;Start session;LAB;\xe9;;;', 'latin1'));
    }
    for (let n = 0; n < 1_100; n += 1) {
      receive(Buffer.from(`/qseow-proxy-session/;n${n};Start session;LAB;\xe9;;;`, 'latin1'));
    }
    expect(faultyHosts.size).toBeLessThanOrEqual(1_000);
    expect(faultyHosts.most(2)).toMatchObject([{ host: 'real', lines: 9 }, { lines: 1 }]);
    expect(faults.get('not_utf8')).toBe(1_110);
  });

  it('have the other faults too', () => {
    const { faultyHosts } = given(Buffer.from('/headcount/2;1;now;node1;Start session;0;c;p;s;;;LAB;a;;x'));
    const remedy = expect.stringContaining('no ISO 8601 with a zone');
    expect(faultyHosts.all).toMatchObject([{ host: 'node1', fault: 'time_converter', lines: 1, remedy }]);
  });
});
