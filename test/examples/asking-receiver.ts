import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineReceiver, receiverSettings, type SnapshotIntake } from '../../src/contract/receiver.ts';
import { duration, text } from '../../src/contract/settings.ts';

const schema = z.strictObject({
  type: z.literal('who'),
  url: text('a URL'),
  node: text('what its lines call the node'),
  interval: duration('10ms').prefault('30s'),
  timeout: duration('10ms').prefault('5s'),
  ...receiverSettings,
});

const user = z.object({ directory: z.string().nullable(), id: z.string() });
const answer = z.object({ sessions: z.array(z.object({ id: z.string(), user: user.nullable() })) });

/** Asks a server who is on, the first time at the start. The next question waits for the answer to the one before. */
export const whoReceiver = defineReceiver({
  schema,
  notes: ({ url, node }) => [`asks ${url} about ${node}`],
  create({ url, node, interval, timeout }, { name, now, trouble }) {
    const stopping = new AbortController();
    const { signal } = stopping;
    let polling: Promise<void> | null = null;
    let received = 0;

    const pollSince = (at: number) => ({ host: node, virtualProxy: '/', at, durationMs: now() - at });

    async function ask(intake: SnapshotIntake, at: number): Promise<void> {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) });
      // An error is no snapshot: whoever is not in one is taken to have left.
      if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
      const { sessions } = answer.parse(await response.json());
      received += 1;
      const known = { hidden: [], allVirtualProxies: ['/'], keepsUsers: true };
      await intake.snapshot({ ...pollSince(at), ...known, sessions });
    }

    async function poll(intake: SnapshotIntake): Promise<void> {
      while (!signal.aborted) {
        const at = now();
        await ask(intake, at).catch(({ message }: Error) => {
          if (signal.aborted) return;
          trouble(`${name} learns nothing from ${url}`, message);
          intake.snapshotFailed({ ...pollSince(at), error: message });
        });
        await sleep(interval, undefined, { signal }).catch(() => {});
      }
    }

    return {
      name,
      async start(intake: SnapshotIntake) {
        polling = poll(intake);
      },
      async stop() {
        stopping.abort();
        await polling;
      },
      stats: () => ({ name, received, kernelDropped: null }),
    };
  },
});
