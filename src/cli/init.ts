/** sealift init */

import { Command, Option } from 'commander';

import type { Host } from './host.ts';
import { integrityOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly source: string;
  readonly ids: 'keep' | 'uuid';
  readonly skipIntegrityCheck?: boolean;
  readonly json?: boolean;
}

export function initCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('init')
    .description('write a mapping for all of an unknown source')
    .requiredOption('--source <[NAME=]URL>', 'sqlite:FILE, csv:FILE, ndjson:FILE or json:FILE')
    .addOption(
      new Option('--ids <rule>', 'keep the legacy keys, or make UUIDs from them')
        .choices(['keep', 'uuid'])
        .default('keep'),
    )
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(integrityOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const work = { ...options, here: host.cwd };
      // Loaded only now: the help should not wait for database drivers.
      const [{ init }, { runCommand }] = await Promise.all([
        import('../flow/init.ts'),
        import('./run.ts'),
      ]);
      exit(
        await runCommand(
          { name: 'init', kind: 'action', report: false, work: (env) => init(work, env) },
          options,
          host,
        ),
      );
    });
}

const EXAMPLES = `Examples:
  sealift init --source sqlite:legacy.db
  sealift init --source sqlite:legacy.db --ids uuid --project school
  sealift init --source 'csv:exports/?encoding=windows-1252&delimiter=;'
`;

const QUESTIONS = `
What comes next?
  Read mapping/DECISIONS.md, which lists what a person should decide; then
  sealift dry-run. init writes nothing but mapping/, and never over one.
`;
