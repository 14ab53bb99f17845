/** Source files that promise something, and the tests nearest to them. Patterns are those of `fs.globSync`. */
export interface Part {
  readonly source: readonly string[];
  readonly tests: readonly string[];
}

const RECOVERY_TESTS = ['test/journal/{recover,clock}.test.ts'];

/** The one place that says which code belongs to which area, and which tests have to notice a change in it. */
export const AREAS: Readonly<Record<string, readonly Part[]>> = {
  sessions: [
    {
      source: ['src/sessions/*.ts', 'src/sessions/open/*.ts'],
      tests: ['test/sessions/*.test.ts', 'test/sessions/model/*.test.ts', ...RECOVERY_TESTS],
    },
    {
      source: ['src/sessions/lost-lines/*.ts'],
      tests: ['test/sessions/lost-lines*.test.ts', ...RECOVERY_TESTS],
    },
  ],
  intake: [
    { source: ['src/intake/*.ts'], tests: ['test/intake/*.test.ts', 'test/sessions/layouts.test.ts'] },
  ],
  journal: [
    { source: ['src/journal/recover.ts'], tests: RECOVERY_TESTS },
    {
      source: ['src/journal/write/retention.ts'],
      tests: ['test/journal/retention.test.ts', 'test/delivery/delivery-loop.test.ts'],
    },
    {
      source: [
        'src/journal/read/{event-search,filters}.ts',
        'src/journal/{marks,session-blocks,event-blocks}.ts',
      ],
      tests: ['test/journal/{search-model,search-moments,event-blocks,failed-commit}.test.ts'],
    },
    {
      source: ['src/journal/read/sessions/*.ts'],
      tests: [
        'test/journal/{search-model,search-moments,session-order,session-detail}.test.ts',
        'test/api/{history-search,session-order,loss-windows,as-of,classes}.test.ts',
      ],
    },
    {
      source: ['src/journal/read/{queries,series-query,csv,user-agents,reader,reader-thread}.ts'],
      tests: [
        'test/journal/{follow,session-detail}.test.ts',
        'test/api/{history,history-search,csv,series}.test.ts',
        'test/api/stream/stream.test.ts',
      ],
    },
    {
      source: ['src/journal/{journal-file,recover-file,checkpoint}.ts', 'src/journal/schema/upgrade.ts'],
      tests: [
        'test/journal/damaged.test.ts',
        'test/journal/{stores,upgrade}/*.test.ts',
        'test/program/{damaged-journal,disk-full}.test.ts',
      ],
    },
    {
      source: ['src/journal/{journal,names}.ts', 'src/journal/schema/*.ts', 'src/journal/write/*.ts'],
      tests: [
        'test/journal/{failed-commit,quiet-minute,names,recover,event-blocks,retention,columns,journal}.test.ts',
        'test/api/{history,series}.test.ts',
      ],
    },
  ],
  delivery: [{ source: ['src/delivery/*.ts'], tests: ['test/delivery/*.test.ts'] }],
  access: [
    {
      source: ['src/api/access/*.ts'],
      tests: ['test/api/access/*.test.ts', 'test/api/stream/stream.test.ts'],
    },
    { source: ['src/api/stream/*.ts'], tests: ['test/api/stream/*.test.ts'] },
    {
      source: ['receivers/{allow-list,allow.schema,address}.ts'],
      tests: ['test/receivers/{allow-list,allowed-entry}.test.ts', 'test/receivers/udp/allow.test.ts'],
    },
    {
      source: ['receivers/tcp/connections.ts'],
      tests: ['test/receivers/tcp/{admission,limits,tcp,slow,cuts,waiting-and-stop}.test.ts'],
    },
  ],
};
