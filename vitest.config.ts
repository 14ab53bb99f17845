import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/sinks/questdb/setup.ts'],
    // As node itself imports CommonJS, so that tests run what the program runs.
    deps: { interopDefault: false },
    // Most tests wait: for sockets, processes, databases. One worker for each core, not one less.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
