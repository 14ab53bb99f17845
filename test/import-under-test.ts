import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What `test/receivers/udp/under-test.ts` exports, say, where `folder` is `receivers`. Where it cannot be had, an error that
 * says what to do: that kind fails alone, and not all of them.
 */
export async function importUnderTest<Exports extends object>(
  folder: 'receivers' | 'sinks',
  type: string,
  required: keyof Exports & string,
): Promise<Exports | Error> {
  const file = `test/${folder}/${type}/under-test.ts`;
  const path = join(import.meta.dirname, folder, type, 'under-test.ts');
  const { copy, contract } = MODELS[folder];
  const advice = `copy ${copy}, ${contract} says what it must export`;
  if (!existsSync(path)) return new Error(`there is no ${file}: ${advice}`);
  try {
    const exports: Exports = await import(path);
    return required in exports ? exports : new Error(`${file} exports no ${required}: ${advice}`);
  } catch (error) {
    return new Error(`${file} cannot be imported`, { cause: error });
  }
}

const MODELS = {
  receivers: {
    copy: 'test/receivers/udp/under-test.ts',
    contract: 'test/receivers/receivers-under-test.ts',
  },
  sinks: { copy: 'test/sinks/console/under-test.ts', contract: 'test/sinks/sink-under-test.ts' },
} as const;
