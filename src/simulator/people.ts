import type { User } from '../contract/event.ts';
import { guid, integer, pick, type Random } from './random.ts';

/** Someone (or something) that logs in. `anonymous` people get a new identity at every visit. */
export interface Person {
  readonly sort: 'named' | 'anonymous' | 'service';
  readonly user: User;
  readonly userAgent: string;
}

type List = readonly [string, ...string[]];

const FIRST: List = [
  'anna,åsa,josé,maria,o.brien,jürgen,chloé,ingrid,tomás,wei,fatima,björn,zoë,łukasz,renée,mikko,priya,',
  'søren,élodie,hans,ngọc,yusuf,emma,olga,pedro,nadia,günther,siobhán,carlos,leila,víctor,hana',
]
  .join('')
  .split(',') as unknown as List;
const LAST: List = [
  'öberg,müller,garcía,svensson,ñandú,kowalski,dubois,larsen,novák,smith,virtanen,çelik,rossi,nguyễn,',
  'sørensen,schäfer,lópez,håkansson,dvořák,jones,weiß,mäkinen,silva,fernández,patel,kim,brown,lefèvre',
]
  .join('')
  .split(',') as unknown as List;

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1';
const ANDROID = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36';

/** The first ones are listed more than once: that is their share among office users. */
const USER_AGENTS: List = [
  `${WINDOWS} ${CHROME}`,
  `${WINDOWS} ${CHROME}`,
  `${WINDOWS} ${CHROME}`,
  `${WINDOWS} ${CHROME} Edg/131.0.0.0`,
  `${WINDOWS} ${CHROME} Edg/131.0.0.0`,
  `${WINDOWS} ${CHROME} Edg/131.0.0.0`,
  `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36`,
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  `${MAC} ${CHROME}`,
  `${MAC} ${SAFARI} Safari/605.1.15`,
  `Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) ${SAFARI} Mobile/15E148 Safari/604.1`,
  `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${SAFARI} Mobile/15E148 Safari/604.1`,
  `Mozilla/5.0 (Linux; Android 10; K) ${ANDROID}`,
];

/** `count` people: six in ten in CORP, three in LAB, one anonymous seat; and the service account besides. */
export function createPeople(random: Random, count: number): [Person, ...Person[]] {
  const taken = new Map<string, number>();
  const people = Array.from({ length: count }, (_, n) => createPerson(random, n, taken));
  const user = { directory: 'INTERNAL', id: 'sa_api' };
  return [{ sort: 'service', user, userAgent: 'axios/1.7.9' }, ...people];
}

/** The identity of one visit. */
export function identify(random: Random, person: Person): User {
  return person.sort === 'anonymous' ? { directory: 'NONE', id: `anonymous${guid(random)}` } : person.user;
}

function createPerson(random: Random, n: number, taken: Map<string, number>): Person {
  const userAgent = pick(random, USER_AGENTS);
  if (n % 10 === 9) return { sort: 'anonymous', user: { directory: 'NONE', id: 'anonymous' }, userAgent };
  const directory = n % 10 < 6 ? 'CORP' : 'LAB';
  const name = `${pick(random, FIRST)}.${pick(random, LAST)}`;
  const namesakes = (taken.get(name) ?? 0) + 1;
  taken.set(name, namesakes);
  const written = integer(random, 12) === 0 ? name.toUpperCase() : name;
  const id = namesakes === 1 ? written : `${written}${namesakes}`;
  return { sort: 'named', user: { directory, id }, userAgent };
}
