import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameOf, type PluginSchema } from '../../src/contract/plugin.ts';
import { HearingIntake, type ReceiverUnderTest, until } from './receivers-under-test.ts';

/** Enough that some are on their way whenever the stop comes. */
const MANY = 50;

/** Tests that a kind of receiver keeps the promises of `src/contract/receiver.ts`. */
export function describeReceiverContract(
  { schema }: { readonly schema: PluginSchema },
  receiverUnderTest: () => Promise<ReceiverUnderTest>,
): void {
  const keys = Object.keys(schema.shape);

  describe(`the contract, as ${nameOf({ schema })} keeps it`, () => {
    let under: ReceiverUnderTest;
    let intake: HearingIntake;
    beforeEach(async () => {
      under = await receiverUnderTest();
      intake = new HearingIntake();
    });
    afterEach(() => under.dispose());

    async function started(): Promise<void> {
      await under.receiver.start(intake);
      await under.provoke();
      await until(() => intake.calls > 0);
    }

    it('it can be given a name', () => {
      expect(keys).toContain('name');
    });

    it('it is told who may send only where it listens, and then also where', () => {
      const listening = ['host', 'port', 'allow'];
      if (keys.includes('allow')) expect(keys).toEqual(expect.arrayContaining(listening));
    });

    it('it has counters before it is started, and nothing has been received', () => {
      const { name, received, listening = [] } = under.receiver.stats();
      expect({ name, received, listening }).toEqual({
        name: under.receiver.name,
        received: 0,
        listening: [],
      });
    });

    it('its counters are plain JSON', async () => {
      await started();
      const stats = under.receiver.stats();
      expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
      // Messages are received; who asks has answers instead.
      const answers = (stats.polls ?? []).reduce((sum, { polls }) => sum + polls, 0);
      expect(stats.received + answers).toBeGreaterThan(0);
    });

    it('it can be stopped without a start, and twice', async () => {
      await under.receiver.stop();
      await under.receiver.stop();
      expect(under.receiver.stats()).toMatchObject({ received: 0 });
    });

    it('it hands over nothing once its stop has resolved, whatever is on its way', async () => {
      await started();
      const underway = Array.from({ length: MANY }, () => under.provoke());
      await under.receiver.stop();
      const { calls } = intake;
      await Promise.all(underway);
      for (let n = 0; n < MANY; n += 1) await under.provoke();
      // What another one hears that is provoked after it, this one would have heard.
      const other = await receiverUnderTest();
      const hearing = new HearingIntake();
      await other.receiver.start(hearing);
      await other.provoke();
      await until(() => hearing.calls > 0);
      await other.dispose();
      expect(intake.calls).toBe(calls);
    });

    it('its counters do not fall when it is stopped, and it can be stopped twice', async () => {
      await started();
      const { received } = under.receiver.stats();
      await under.receiver.stop();
      await under.receiver.stop();
      const after = under.receiver.stats();
      expect(after.received).toBeGreaterThanOrEqual(received);
      expect(after.listening ?? []).toEqual([]);
    });

    it('it can be stopped at the same time by two', async () => {
      await started();
      await Promise.all([under.receiver.stop(), under.receiver.stop()]);
    });
  });
}
