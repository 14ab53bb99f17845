import { setTimeout as sleep } from 'node:timers/promises';
import { Program, ProgramFolder } from '../program/program.ts';
import { NatsServers } from './nats-servers.ts';

const USERS = 100;
const LEAST_ITEMS = 20;
const POSTS_A_SECOND = 10;
const AGAIN_MS = 50;
const SETTLED_WITHIN_MS = 120_000;

export interface KillPlan {
  readonly seconds: number;
  /** Events a second of both edges together. */
  readonly rate: number;
  /** Between two kills. */
  readonly pauseMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly say?: (text: string) => void;
}

/** A Headcount that can be killed and comes back in the same folder. */
class Killable {
  readonly folder: ProgramFolder;
  program: Program | null = null;

  constructor(folder: ProgramFolder) {
    this.folder = folder;
  }

  async start(): Promise<void> {
    this.program = await Program.start(this.folder);
  }

  async kill(): Promise<void> {
    const { program } = this;
    this.program = null;
    await program?.end('SIGKILL');
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.folder.dispose();
  }
}

/** Sends what users of one site do, each item until it is answered: a user starts and stops one session after the other. */
class Sender {
  readonly site: string;
  sent = 0;
  readonly #edge: Killable;

  constructor(site: string, edge: Killable) {
    this.site = site;
    this.#edge = edge;
  }

  async run(rate: number, end: number): Promise<void> {
    const startedAt = performance.now();
    const atOnce = Math.max(LEAST_ITEMS, Math.round(rate / POSTS_A_SECOND));
    while (performance.now() < end) {
      const items = Array.from({ length: atOnce }, (_, n) => this.#item(this.sent + n));
      await this.#post(items);
      this.sent += atOnce;
      await sleep(Math.max(0, startedAt + (this.sent / rate) * 1_000 - performance.now()));
    }
  }

  #item(n: number): object {
    const visit = Math.floor(n / USERS);
    return {
      type: visit % 2 === 0 ? 'session_start' : 'session_stop',
      ...{ id: `${this.site}-${n}`, context: `${this.site}-${n}`, host: 'node1' },
      user: { directory: this.site.toUpperCase(), id: `user${n % USERS}` },
    };
  }

  async #post(items: readonly object[]): Promise<void> {
    const body = JSON.stringify(items);
    for (;;) {
      const answer = await fetch(`${this.#edge.program?.api ?? 'http://127.0.0.1:1'}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      }).catch(() => null);
      if (answer?.status === 202) return;
      await sleep(AGAIN_MS);
    }
  }
}

interface Item {
  readonly context: string | null;
  readonly host: string;
  readonly seq: number;
}

/** Three servers, two edges and a central Headcount, killed at random under load. Returns what is wrong in the end. */
export async function killSites(plan: KillPlan): Promise<readonly string[]> {
  const { seconds, rate, pauseMs, random, say = () => {} } = plan;
  const servers = await NatsServers.start(3);
  const urls = servers.urls.map((url) => `"${url}"`).join(', ');
  const nats = `type: nats, servers: [${urls}]`;
  const edgeOf = (site: string) =>
    new Killable(
      new ProgramFolder(
        `site: ${site}\nsinks:\n  - { ${nats}, interval: 20ms, replicas: 3, partitions: 4, maxSize: 200MB }\n`,
      ),
    );
  const [berlin, paris] = [edgeOf('berlin'), edgeOf('paris')];
  const centre = new Killable(new ProgramFolder('', `  - { ${nats} }\n`));
  const programs = [berlin, paris, centre];
  try {
    for (const each of programs) await each.start();
    const senders = [new Sender('berlin', berlin), new Sender('paris', paris)];
    const end = performance.now() + seconds * 1_000;
    const sending = Promise.all(senders.map((sender) => sender.run(rate / senders.length, end)));
    const kills = { server: 0, 'all servers': 0, edge: 0, centre: 0 };
    while (performance.now() < end) {
      await sleep(pauseMs());
      const choice = random();
      if (choice < 0.4) {
        const place = Math.floor(random() * servers.count);
        await servers.kill(place);
        servers.begin(place);
        kills.server += 1;
      } else if (choice < 0.5) {
        await Promise.all(Array.from({ length: servers.count }, (_, place) => servers.kill(place)));
        for (let place = 0; place < servers.count; place += 1) servers.begin(place);
        kills['all servers'] += 1;
      } else {
        const one = choice < 0.75 ? (random() < 0.5 ? berlin : paris) : centre;
        await one.kill();
        await one.start();
        kills[one === centre ? 'centre' : 'edge'] += 1;
      }
    }
    await sending;
    const sent = senders.reduce((sum, sender) => sum + sender.sent, 0);
    say(`${sent} events; killed ${JSON.stringify(kills)}`);
    const api = centre.program?.api ?? '';
    await settled(api, sent);
    return problemsOf(await eventsOf(api), senders);
  } finally {
    for (const each of programs) await each.dispose();
    await servers.dispose();
  }
}

/** Resolves when nothing more comes: all have, or as many as ever will. */
async function settled(api: string, sent: number): Promise<void> {
  const end = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const counts = (await (await fetch(`${api}/api/v1/counts`)).json()) as Record<string, { total: number }>;
    const total = (counts['created']?.total ?? 0) + (counts['destroyed']?.total ?? 0);
    if (total >= sent || performance.now() > end) return;
    await sleep(AGAIN_MS);
  }
}

async function eventsOf(api: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await (await fetch(`${api}/api/v1/events?limit=1000${from}`)).json()) as {
      items: Item[];
      nextCursor: string | null;
    };
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items.sort((a, b) => a.seq - b.seq);
}

/** Each that was sent is there once, and those of one user in the order in which they were sent. */
function problemsOf(items: readonly Item[], senders: readonly Sender[]): string[] {
  const problems: string[] = [];
  for (const { site, sent } of senders) {
    const numbers = items
      .filter(({ context }) => context?.startsWith(`${site}-`))
      .map(({ context }) => Number(context?.slice(site.length + 1)));
    const times = Map.groupBy(numbers, (n) => n);
    const lost = Array.from({ length: sent }, (_, n) => n).filter((n) => !times.has(n));
    const doubled = [...times.values()].filter(({ length }) => length > 1).length;
    const users = Map.groupBy(numbers, (n) => n % USERS);
    const disordered = [...users.values()].filter((each) =>
      each.some((n, at) => n < (each[at - 1] ?? 0)),
    ).length;
    if (lost.length > 0) problems.push(`${site}: ${lost.length} of ${sent} lost, first ${lost[0]}`);
    if (doubled > 0) problems.push(`${site}: ${doubled} doubled`);
    if (disordered > 0) problems.push(`${site}: events of ${disordered} users are out of order`);
  }
  return problems;
}
