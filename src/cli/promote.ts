/** sealift promote */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly expectSeal?: string;
  readonly allowWarnings?: boolean;
  readonly window?: string;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function promoteCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('promote')
    .description('make a candidate that passed its scan the live one')
    .argument('[seal-id]', 'the candidate (8 digits or more); default: the one built last')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .option('--allow-warnings', 'accept the WARNINGs of its scan')
    .option('--window <time>', 'refuse at other times; "Sun 02:00-06:00 Europe/Vienna"')
    .addOption(dryRunOption())
    .addOption(whoOption())
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (candidate: string | undefined, options: Options) => {
      const dryRun = options.dryRun === true;
      const work = {
        project: options.project,
        candidate: candidate ?? null,
        expectSeal: options.expectSeal ?? null,
        allowWarnings: options.allowWarnings === true,
        ...(options.window === undefined ? {} : { window: options.window }),
        dryRun,
        who: options.who ?? null,
        workers: options.workers,
      };
      await runFlow(
        {
          name: 'promote',
          kind: 'action',
          report: !dryRun,
          load: () => import('../flow/promote.ts'),
          work: ({ promote }, env) => promote(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift promote --dry-run
  sealift promote
  sealift promote 3f1c09ab --who ada       # 8 digits or more of the seal id
`;

const QUESTIONS = `
How do I undo it?
  sealift rollback
`;
