/** sealift init */

import { Command, Option } from 'commander';

import type { Host } from './host.ts';
import { integrityOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: string;
  readonly ids: 'keep' | 'uuid';
  readonly skipIntegrityCheck?: boolean;
  readonly json?: boolean;
}

export function initCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('init')
    .description('write a mapping for a whole unknown source')
    .requiredOption(
      '--source <[NAME=]URL>',
      'sqlite:FILE, postgres://…, csv:FILE, ndjson:FILE or json:FILE',
    )
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
      const work = { ...options, cwd: host.cwd };
      await runFlow(
        {
          name: 'init',
          kind: 'action',
          report: false,
          load: () => import('../flow/init.ts'),
          work: ({ init }, env) => init(work, env),
        },
        options,
        exit,
        host,
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
  Read mapping/DECISIONS.md, which lists what a person should decide; then run
  sealift dry-run. init writes only mapping/, and never overwrites it.
`;
