import { defineConfig } from 'vitest/config';

/** Folders whose tests change nothing of the process that they run in: their files may share one. */
const SHARING =
  'compare diff findings flow init journal mapping merkle outcome pii record report rules scan seal sql vectors';
const files = SHARING.split(' ').map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    // Against what never ends: no test is to fail because the machine is slow.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    globalSetup: ['test/kit/long.ts', 'test/kit/prepared.ts'],
    setupFiles: ['test/kit/readOnlyFolders.ts'],
    // The tests start programs of their own, and wait for them: one more than there are processors.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: files },
      },
      { extends: true, test: { name: 'together', include: files, isolate: false } },
    ],
  },
});
