import { defineConfig } from 'vitest/config';

import { COMPILED } from './test/kit/compiled.ts';

/** Files that change the modules or the process that they run in: each has a process of its own. */
const APART = [
  'test/disk/publish.test.ts',
  'test/fault/everyChange.test.ts',
  'test/fault/synced.test.ts',
];

export default defineConfig({
  test: {
    // Against what never ends: no test is to fail because the machine is slow.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // Buffers make V8 collect all garbage after a few of them, unless a large heap is expected.
    execArgv: [
      '--initial-old-space-size=512',
      '--min-semi-space-size=32',
      '--max-semi-space-size=32',
    ],
    env: {
      // SQLite reads it once a process, which test files share; src/ sets it before it loads SQLite.
      SQLITE_USE_URI: '1',
      NODE_COMPILE_CACHE: COMPILED,
    },
    globalSetup: ['test/kit/long.ts', 'test/kit/prepared.ts', 'test/kit/temporary.ts'],
    setupFiles: ['test/kit/readOnlyFolders.ts', 'test/kit/seed.ts'],
    // The tests start programs of their own, and wait for them: one more than there are processors.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'apart', include: APART } },
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: APART, isolate: false },
      },
    ],
  },
});
