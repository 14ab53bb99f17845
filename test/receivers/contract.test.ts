import { it } from 'vitest';
import { RECEIVERS } from '../../receivers/index.ts';
import { nameOf } from '../../src/contract/plugin.ts';
import { importUnderTest } from '../import-under-test.ts';
import { describeReceiverContract } from './receiver-contract.ts';
import type { ReceiverUnderTest } from './receivers-under-test.ts';

interface UnderTest {
  readonly receiverUnderTest: () => Promise<ReceiverUnderTest>;
  /** False where this machine lacks the far side. */
  readonly canRun?: boolean;
}

for (const plugin of RECEIVERS) {
  const type = nameOf(plugin);
  const found = await importUnderTest<UnderTest>('receivers', type, 'receiverUnderTest');
  if (found instanceof Error) {
    it(`the contract, as ${type} keeps it, has what it needs to be tested`, () => {
      throw found;
    });
  } else if (found.canRun !== false) describeReceiverContract(plugin, found.receiverUnderTest);
}
