import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// Every test process, and every Headcount that one starts, would compile the same files again; that is half of the time a
// program takes to start. Where coverage is measured it would be imprecise.
const isCoverage = process.argv.some((argument) => argument.startsWith('--coverage'));
if (!isCoverage) {
  process.env['NODE_COMPILE_CACHE'] ??= resolve(
    import.meta.dirname,
    'node_modules/.cache/headcount/compiled',
  );
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/sinks/questdb/setup.ts'],
    // As node itself imports CommonJS, so that tests run what the program runs.
    deps: { interopDefault: false },
    // Most tests wait: for sockets, processes, databases. One worker for each core, not one less; more would make them late for each other.
    maxWorkers: '100%',
    // Modules keep no state, so that test files may share them instead of loading them each.
    isolate: false,
    // Where it takes half as long the machine has a lot to do besides.
    testTimeout: 60_000,
    // Servers are started in them.
    hookTimeout: 180_000,
    // What a page or a process shows in the end; a busy machine takes its time.
    expect: { poll: { timeout: 10_000 } },
    coverage: {
      include: ['src/**', 'receivers/**', 'sinks/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
