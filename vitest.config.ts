import { defineConfig } from 'vitest/config';

/** Folders whose tests change nothing of the process that they run in: their files may share one. */
const SHARING =
  'record merkle mapping sql pii outcome findings init report vectors diff compare scan';
const files = SHARING.split(' ').map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
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
