import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/simulator/random.ts';
import { AREAS, type Part } from './mutate/areas.ts';
import { type Mutant, mutantsOf, sampleOf } from './mutate/mutants.ts';
import { MutatedTree, type Outcome } from './mutate/mutated-tree.ts';

/**
 * Small random changes to the program, one at a time: does a test notice? All areas, or `--area`, each with `--sample` changes
 * of the kinds that Stryker knows, chosen by `--seed`; `--file` looks at the files with that in their path only.
 */
const { values } = parseArgs({
  options: {
    area: { type: 'string', default: Object.keys(AREAS).join(',') },
    sample: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string', default: '' },
    report: { type: 'string' },
  },
});
const names = values.area.split(',');
for (const name of names)
  if (!(name in AREAS)) throw new Error(`no area ${name}: ${Object.keys(AREAS).join(', ')}`);

/** Beyond what the tests take where nothing is changed. */
const SLOWER = 3;
const SLOWER_BY_MS = 10_000;
const MOST_MS = 300_000;

interface Found extends Mutant {
  readonly part: Part;
}

const tree = new MutatedTree();
process.on('exit', () => tree.dispose());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const allowances = new Map<Part, number>();
const survivors: (Mutant & { area: string })[] = [];

for (const name of names) {
  const found = await mutantsIn(AREAS[name] ?? []);
  const sample = sampleOf(found, Number(values.sample), createRandom(Number(values.seed)));
  let noticed = 0;
  for (const mutant of sample) {
    const { isNoticed, isLate, by, ms } = await outcomeOf(mutant);
    if (isNoticed) noticed += 1;
    else survivors.push({ ...mutant, area: name });
    const what = `${mutant.file}:${mutant.line} ${mutant.kind}`;
    console.log(
      `${isNoticed ? 'noticed ' : 'SURVIVED'} ${what} (${ms} ms)${isLate ? ': no end' : ''}${by === null ? '' : `: ${by}`}`,
    );
    if (!isNoticed) console.log(`  - ${oneLine(mutant.before)}\n  + ${oneLine(mutant.after)}`);
  }
  const share = sample.length === 0 ? '' : ` (${Math.round((100 * noticed) / sample.length)} %)`;
  console.log(
    `${name}: ${noticed} of ${sample.length} noticed${share}, of ${found.length}; seed ${values.seed}`,
  );
}
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(survivors, null, 2));
process.exit(0);

/** What takes too long gets as much time once more: it may have been the machine. */
async function outcomeOf({ file, text, part }: Found): Promise<Outcome> {
  const withinMs = await allowance(part);
  const outcome = await tree.tryOut(file, text, testsOf(part), withinMs);
  return outcome.isLate ? tree.tryOut(file, text, testsOf(part), 2 * withinMs) : outcome;
}

async function mutantsIn(parts: readonly Part[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const part of parts) {
    for (const file of tree.files(part.source).filter((path) => path.includes(values.file))) {
      for (const mutant of await mutantsOf(tree.directory, file)) found.push({ ...mutant, part });
    }
  }
  return found;
}

function testsOf({ tests }: Part): string[] {
  return tree.files(tests);
}

/** How long the tests may take before a change counts as noticed; they have to pass without any. */
async function allowance(part: Part): Promise<number> {
  let ms = allowances.get(part);
  if (ms === undefined) {
    const unchanged = await tree.run(testsOf(part), MOST_MS);
    if (unchanged.isNoticed)
      throw new Error(`without any change: ${unchanged.by ?? 'the tests take too long'}`);
    ms = SLOWER * unchanged.ms + SLOWER_BY_MS;
    allowances.set(part, ms);
  }
  return ms;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 160);
}
