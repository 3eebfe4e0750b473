/** sealift rollback */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function rollbackCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('rollback')
    .description('make the candidate that was live before the live one again')
    .summary('make the one before the live one again')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--to <seal-id>', 'one that was live earlier, by 8 digits or more')
    .addOption(dryRunOption())
    .addOption(whoOption())
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const dryRun = options.dryRun === true;
      const work = {
        project: options.project,
        to: options.to ?? null,
        dryRun,
        who: options.who ?? null,
        workers: options.workers,
      };
      await runFlow(
        {
          name: 'rollback',
          kind: 'action',
          report: !dryRun,
          load: () => import('../flow/rollback.ts'),
          work: ({ rollback }, env) => rollback(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift rollback --dry-run
  sealift rollback
  sealift rollback --to 3f1c09ab           # 8 digits or more of the seal id
`;

const QUESTIONS = `
How do I undo a promote?
  sealift rollback: the candidate that was live before is verified and live
  again, in one step. A rollback is undone by sealift promote.
`;
