import { it } from 'vitest';
import { SINKS } from '../../sinks/index.ts';
import { nameOf } from '../../src/contract/plugin.ts';
import { importUnderTest } from '../import-under-test.ts';
import { describeSinkContract } from './sink-contract.ts';
import type { SinkUnderTest } from './sink-under-test.ts';

interface UnderTest {
  readonly sinkUnderTest: () => Promise<SinkUnderTest>;
  readonly canRun: boolean;
}

for (const type of SINKS.map(nameOf)) {
  const found = await importUnderTest<UnderTest>('sinks', type, 'sinkUnderTest');
  if (found instanceof Error) {
    it(`the contract, as ${type} keeps it, has what it needs to be tested`, () => {
      throw found;
    });
  } else if (found.canRun !== false) describeSinkContract(type, found.sinkUnderTest);
}
