import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineReceiver, receiverSettings, type SnapshotIntake } from '../../src/contract/receiver.ts';
import { duration, text } from '../../src/contract/settings.ts';
import type { Snapshot } from '../../src/contract/snapshot.ts';

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

    async function ask(at: number): Promise<Snapshot> {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) });
      // An error is no snapshot: whoever is not in one is taken to have left.
      if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
      const { sessions } = answer.parse(await response.json());
      received += 1;
      // Nobody is hidden by a blacklist of its own. There is no other virtual proxy: who is not in this one is nowhere on the
      // node; null where there may be others. Users may be stored and sent, not only counted.
      const known = { hidden: [], allVirtualProxies: ['/'], keepsUsers: true };
      return { ...pollSince(at), ...known, sessions };
    }

    async function poll(intake: SnapshotIntake): Promise<void> {
      while (!signal.aborted) {
        const at = now();
        const snapshot = await ask(at).catch(({ message }: Error) => {
          if (signal.aborted) return null;
          trouble(`${name} learns nothing from ${url}`, message);
          intake.snapshotFailed({ ...pollSince(at), error: message });
          return null;
        });
        // That it is not taken is no failed poll: the answer was good.
        const taken = snapshot === null ? null : intake.snapshot(snapshot);
        await taken?.catch(({ message }: Error) =>
          trouble(`${name}: a snapshot could not be taken`, message),
        );
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
