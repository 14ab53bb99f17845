import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { openClient, startReceiver } from './under-test.ts';

const inputOf = (name: string) => readFileSync(join(import.meta.dirname, '../../cases', name, 'input.bin'));

describe('a relay that frames in its own way is heard while its connection stays open', () => {
  it.each([
    ['tcp-nul-separated', 'lf'],
    ['tcp-counted-with-newlines', 'octet-counting'],
  ])('%s', async (name, framing) => {
    const { intake, port } = await startReceiver({ framing });
    const client = await openClient(port);
    client.write(inputOf(name));
    await until(() => intake.texts.length === 3);
    expect(intake.texts.map((text) => text.split(';')[4])).toEqual(['v1', 'v2', 'v3']);
    expect(intake.texts.every((text) => text.endsWith("Safari/537.36'"))).toBe(true);
    expect(intake.refused).toEqual([]);
  });

  it('by a sample of each line, where it sends lines and lengths are expected', async () => {
    const { receiver, intake, port } = await startReceiver({ framing: 'octet-counting' });
    const client = await openClient(port);
    const lines = ['/headcount/2;1', '/headcount/2;2', '/headcount/2;3'];
    client.write(`${lines.join('\n')}\n4 good`);
    await until(() => intake.texts.length === 1);
    expect(intake.refused).toEqual(lines.map(() => 'no_frame_length'));
    expect(intake.samples[0]).toMatch(/^tcp: a frame from 127\.0\.0\.1: \/headcount\/2;1/);
    expect(receiver.stats()).toMatchObject({ received: 4, connections: 1, refused: { no_frame_length: 3 } });
  });
});
