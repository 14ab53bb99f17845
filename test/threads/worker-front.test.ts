import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RestartPolicy, WorkerFront } from '../../src/threads/worker-front.ts';
import { until } from '../program/program.ts';
import type { SmallTalk } from './small-worker.ts';

let folder: string;
let front: WorkerFront<SmallTalk>;
let deaths: string[];
let heard: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-threads-'));
  deaths = [];
  heard = [];
});
afterEach(async () => {
  await front.terminate();
  rmSync(folder, { recursive: true });
});

const starts = (): number => {
  const file = join(folder, 'starts');
  return existsSync(file) ? readFileSync(file).length : 0;
};

function frontOf(
  restart: RestartPolicy,
  dies: SmallTalk['data']['dies'] = 'never',
  stopWithinMs = 10_000,
): WorkerFront<SmallTalk> {
  front = createFront(restart, { starts: join(folder, 'starts'), dies }, stopWithinMs, deaths);
  return front;
}

function createFront(
  restart: RestartPolicy,
  data: SmallTalk['data'],
  stopWithinMs: number,
  died: string[],
): WorkerFront<SmallTalk> {
  return new WorkerFront({
    name: 'the small one',
    file: new URL('./small-worker.ts', import.meta.url),
    data: () => data,
    restart,
    stopWithinMs,
    heard: (message) => heard.push(message),
    died: ({ message }) => died.push(message),
  });
}

const answered = (start: number) =>
  until(
    () => front.ask('start').catch(() => 0),
    (answer) => answer === start,
  );

describe('a worker that lives', () => {
  it('answers what it is asked, also before it is ready', async () => {
    void frontOf('never').start();
    expect(await Promise.all([front.ask('start'), front.ask('start')])).toEqual([1, 1]);
    await expect(front.ask('throw')).rejects.toThrow('no answer to that');
    expect(deaths).toEqual([]);
  });

  it('gets and gives back memory without a copy', async () => {
    await frontOf('never').start();
    const memory = new ArrayBuffer(1_000);
    front.tell(memory, [memory]);
    expect(memory.byteLength).toBe(0);
    await front.ask('start');
    expect(heard).toEqual([1_000]);
  });
});

describe('a worker that dies', () => {
  it('is not started again where it never may be, and says why to whoever waited for it', async () => {
    await expect(frontOf('never', 'at start').start()).rejects.toThrow('start 1 failed');
    expect(deaths).toEqual(['start 1 failed']);
    await expect(front.ask('start')).rejects.toThrow('the small one does not run');
  });

  it('is known to be dead where it ends without an error', async () => {
    await frontOf('never').start();
    front.tell('exit');
    await until(
      async () => deaths,
      (known) => known.length === 1,
    );
    expect(deaths).toEqual(['the small one has stopped']);
  });

  it('leaves no question open, and the next one takes over at once', async () => {
    await frontOf('at once').start();
    front.tell('die');
    await expect(front.ask('start')).rejects.toThrow('start 1 died');
    expect(await front.ask('start')).toBe(2);
    expect(deaths).toEqual(['start 1 died']);
  });

  it('is followed by one that begins with the data of that moment', async () => {
    let file = 'starts';
    front = new WorkerFront<SmallTalk>({
      name: 'the small one',
      file: new URL('./small-worker.ts', import.meta.url),
      data: () => ({ starts: join(folder, file), dies: 'never' }),
      restart: 'at once',
      stopWithinMs: 10_000,
      heard: () => {},
      died: () => {},
    });
    await front.start();
    file = 'other';
    front.tell('die');
    await expect(front.ask('start')).rejects.toThrow('start 1 died');
    await answered(1);
    expect(readFileSync(join(folder, 'other')).length).toBe(1);
  });

  it('once at its start is followed by one that lives, after the pause', async () => {
    await expect(frontOf({ afterMs: 1 }, 'first').start()).rejects.toThrow('start 1 failed');
    await answered(2);
    expect(deaths).toEqual(['start 1 failed']);
  });

  it('always is started again and again, each time after the pause', async () => {
    void frontOf({ afterMs: 1 }, 'at start').start();
    await until(
      async () => deaths.length,
      (count) => count >= 3,
    );
    expect(deaths.slice(0, 3)).toEqual(['start 1 failed', 'start 2 failed', 'start 3 failed']);
  });

  it('before it is ready is not started again in a circle, not even where that is to be at once', async () => {
    await expect(frontOf('at once', 'at start').start()).rejects.toThrow('start 1 failed');
    await expect(front.ask('start')).rejects.toThrow('the small one does not run');
    await until(
      async () => deaths.length,
      (count) => count === 2,
    );
  });
});

describe('a stop', () => {
  it('is nothing without a start', async () => {
    await frontOf('at once').stop();
    expect(starts()).toBe(0);
  });

  it('lets the worker end by itself, and no new one is started', async () => {
    await frontOf('at once').start();
    await Promise.all([front.stop(), front.stop()]);
    await expect(front.ask('start')).rejects.toThrow('the small one does not run');
    expect(deaths).toEqual([]);
    expect(starts()).toBe(1);
  });

  it('leaves no question open', async () => {
    await frontOf('at once', 'never', 1).start();
    const open = expect(front.ask('never')).rejects.toThrow('the small one has stopped');
    await front.stop();
    await open;
  });

  it.each(['ignore stop', 'spin'] as const)('ends a worker that is late (%s) by force', async (habit) => {
    await frontOf('at once', 'never', 20).start();
    front.tell(habit);
    await front.stop();
    await until(
      () =>
        front.ask('start').then(
          () => '',
          (error: Error) => error.message,
        ),
      (message) => message === 'the small one does not run',
    );
    expect(starts()).toBe(1);
  });

  it('while a new start is waited for leaves it at that', async () => {
    const pause = { afterMs: 50 };
    await expect(frontOf(pause, 'at start').start()).rejects.toThrow('start 1 failed');
    await front.stop();
    // One that began later and was not stopped has been through the same pause twice.
    const others: string[] = [];
    const other = createFront(pause, { starts: join(folder, 'others'), dies: 'at start' }, 10_000, others);
    void other.start();
    await until(
      async () => others.length,
      (count) => count === 3,
    );
    await other.stop();
    expect(deaths).toEqual(['start 1 failed']);
    expect(starts()).toBe(1);
  });

  it('of a worker that has died for good is over at once', async () => {
    await expect(frontOf('never', 'at start').start()).rejects.toThrow();
    await front.stop();
  });
});
