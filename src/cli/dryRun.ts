/** sealift dry-run */

import { Command } from 'commander';

import { memoryOption, sourceMap, sourceOption, workersOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly workers: number;
  readonly memory: number;
  readonly json?: boolean;
}

export function dryRunCommand(exit: (code: number) => void): Command {
  return new Command('dry-run')
    .description('run the whole pipeline and all checks, and keep nothing but the report')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .action(async (options: Options) => {
      const work = { ...options, here: process.cwd(), sources: sourceMap(options.source) };
      const [{ dryRun }, { runCommand }] = await Promise.all([
        import('../flow/dryRun.ts'),
        import('./run.ts'),
      ]);
      exit(
        await runCommand(
          {
            name: 'dry-run',
            kind: 'check',
            report: true,
            work: (env, found) => dryRun(work, env, found),
          },
          options,
        ),
      );
    });
}

const EXAMPLES = `
Examples:
  sealift dry-run
  sealift dry-run --source sqlite:/backup/legacy-sunday.db

`;
