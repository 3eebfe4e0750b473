/** sealift migrate */

import { Command, Option } from 'commander';

import { parseSourceOption } from '../flow/project.ts';
import { byteSize, wholeNumber, workersOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly allowRejected: number;
  readonly workers: number;
  readonly memory: number;
  readonly json?: boolean;
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

export function migrateCommand(exit: (code: number) => void): Command {
  return new Command('migrate')
    .description('build and seal the candidate, whole or not at all')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(
      new Option('--source <[NAME=]URL>', "a source's URL instead of the mapping's; repeatable")
        .argParser(collect)
        .default([], 'as in the mapping'),
    )
    .option(
      '--allow-rejected <n>',
      'rejected rows that do not fail the run',
      wholeNumber(0, 1e15),
      0,
    )
    .addOption(workersOption())
    .addOption(
      new Option('--memory <size>', 'memory to stay within, such as 512M')
        .argParser(byteSize)
        .default(2 ** 30, '1G'),
    )
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', ENVIRONMENT)
    .action(async (options: Options) => {
      const work = {
        ...options,
        here: process.cwd(),
        sources: new Map(
          options.source.map(parseSourceOption).map(({ name, url }) => [name, url] as const),
        ),
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
