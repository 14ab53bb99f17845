import { describe, expect, it } from 'vitest';
import { ownAnswers } from '../../src/api/centres/own-answers.ts';
import type { CountsView } from '../../src/api/counts/counts-answer.ts';
import { MOST_TOLD } from '../../src/centres/centres.ts';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { CentreWord } from '../../src/contract/centres/centre.ts';
import {
  bucketOf,
  decodeQuestion,
  decodeWord,
  encodeQuestion,
  encodeWord,
} from '../../src/nats/centre-message.ts';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { Network } from './network.ts';

const START = Date.UTC(2026, 0, 5, 8);

function siteOf(hosts: number): Site {
  const site = new Site({ ...SETTINGS, countsSites: true });
  for (let n = 0; n < hosts; n += 1) {
    site.apply(eventAt('session_start', START, { host: `berlin/${'long-name-'.repeat(20)}${n}` }), n + 1);
  }
  return site;
}

const answersOf = (site: Site) =>
  ownAnswers({} as never, { site, appNames: fixedAppNames(new Map()), now: () => START });

describe('what a centre says', () => {
  it('is read as it was written, and nothing else is', () => {
    const word: CentreWord = { centre: 'abc', partitions: [0, 3], term: 7, isSure: true, counts: { a: 1 } };
    expect(decodeWord('s.centres.abc', encodeWord(word))).toEqual(word);
    const bad = [
      '',
      '[]',
      '{"layout":2,"partitions":[0],"term":1,"isSure":true}',
      '{"layout":1,"partitions":[-1],"term":1,"isSure":true}',
    ];
    for (const text of [
      ...bad,
      '{"layout":1,"partitions":[],"term":1,"isSure":true}',
      '{"layout":1,"partitions":[256],"term":null,"isSure":false}',
    ]) {
      expect(decodeWord('s.centres.abc', text)).toBeNull();
    }
    expect(decodeWord('s.alive.abc', encodeWord(word))).toBeNull();
    expect(decodeQuestion(encodeQuestion('/api/v1/counts'))).toBe('/api/v1/counts');
    expect(decodeQuestion('{"layout":1,"path":5}')).toBeNull();
    expect(bucketOf('headcount')).toBe('headcount-leases');
    expect(bucketOf('caf\u00e9')).toMatch(/^[0-9a-f]{32}-leases$/);
  });

  it('has fewer rows where all of them would not fit into a message, and its sums all the same', async () => {
    const network = new Network(2);
    const [one, two] = [network.centre('one', [0]), network.centre('two', [1])];
    one.serve(answersOf(siteOf(1_200)));
    two.serve(answersOf(siteOf(0)));
    network.mostBytes = 100_000;
    await network.begin();
    const found = two.now().owners.find(({ centre }) => centre === 'one')?.counts as CountsView;
    expect(found.active.sessions).toBe(1_200);
    expect(found.hosts.length).toBeGreaterThan(100);
    expect(found.hosts.length).toBeLessThan(MOST_TOLD);
    expect(found.hostsTotal).toBe(1_200);
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThanOrEqual(100_000);
  });

  it('is not taken where it is not what it should be', async () => {
    const network = new Network(2);
    const one = network.centre('one', [0]);
    one.serve(answersOf(siteOf(3)));
    await network.begin();
    const good = answersOf(siteOf(5)).counts(10);
    const say = (counts: unknown) =>
      one.hear({ centre: 'two', partitions: [1], term: 9, isSure: true, counts });
    const bad: unknown[] = [null, 5, {}, { ...good, active: { ...good.active, sessions: 'many' } }];
    const rows = Array.from({ length: MOST_TOLD + 1 }, () => good.hosts[0]);
    for (const counts of [...bad, { ...good, hosts: rows }]) say(counts);
    expect(one.now()).toMatchObject({ owners: [{ centre: 'one' }], missing: [1] });
    expect(network.troubles.map(([kind]) => kind)).toEqual(Array(5).fill('a word of another centre is none'));
    say(good);
    expect(one.now()).toMatchObject({ missing: [] });
    // Nobody else speaks in its name.
    one.hear({ centre: 'one', partitions: [0], term: 99, isSure: true, counts: good });
    expect(one.now().owners.find(({ centre }) => centre === 'one')?.counts?.active.sessions).toBe(3);
  });

  it('is what it counts itself where nobody can be heard, and is said to be partial', async () => {
    const network = new Network(2);
    const one = network.centre('one', [0]);
    one.serve(answersOf(siteOf(3)));
    one.start();
    expect(one.now()).toMatchObject({ owners: [{ counts: { active: { sessions: 3 } } }], missing: [0] });
    await one.leave();
  });
});
