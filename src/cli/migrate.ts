/** sealift migrate */

import { Command } from 'commander';

import { memoryOption, sourceMap, sourceOption, wholeNumber, workersOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly allowRejected: number;
  readonly workers: number;
  readonly memory: number;
  readonly json?: boolean;
}

export function migrateCommand(exit: (code: number) => void): Command {
  return new Command('migrate')
    .description('build and seal the candidate, whole or not at all')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .option(
      '--allow-rejected <n>',
      'rejected rows that do not fail the run',
      wholeNumber(0, 1e15),
      0,
    )
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', ENVIRONMENT)
    .action(async (options: Options) => {
      const work = {
        ...options,
        here: process.cwd(),
        sources: sourceMap(options.source),
        runId: process.env['MIGRATE_RUN_ID'] ?? 'run-local',
        failAfter: process.env['MIGRATE_FAIL_AFTER_MODULE'] ?? null,
      };
      const [{ migrate }, { runCommand }] = await Promise.all([
        import('../flow/migrate.ts'),
        import('./run.ts'),
      ]);
      exit(
        await runCommand(
          {
            name: 'migrate',
            kind: 'action',
            report: true,
            work: (env, found) => migrate(work, env, found),
          },
          options,
        ),
      );
    });
}

const EXAMPLES = `
Examples:
  sealift migrate
  sealift migrate --source sqlite:/backup/legacy-sunday.db
  MIGRATE_RUN_ID=rehearsal-3 sealift migrate --workers 4 --memory 2G

`;

const ENVIRONMENT = `
Environment:
  MIGRATE_RUN_ID             name of the run, sealed with it (default run-local)
  MIGRATE_FAIL_AFTER_MODULE  fail after this module, to rehearse a failure
  SEALIFT_KEY_<ID>           a secret key that the mapping names, or SEALIFT_KEY_<ID>_FILE
`;
