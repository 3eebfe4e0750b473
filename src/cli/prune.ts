/** sealift prune */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly keep: readonly string[];
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly json?: boolean;
}

export function pruneCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('prune')
    .description('remove candidates but the live one, the one before, and what was built last')
    .summary('remove candidates that nobody needs any more')
    .option('--project <dir>', 'folder of the project', '.')
    .option(
      '--keep <seal-id>',
      'one that stays besides, by 8 digits or more; repeatable',
      (id: string, before: readonly string[]) => [...before, id],
      [],
    )
    .addOption(dryRunOption())
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const dryRun = options.dryRun === true;
      const { project, keep } = options;
      const work = { project, keep, dryRun, who: options.who ?? null };
      await runFlow(
        {
          name: 'prune',
          kind: 'action',
          report: !dryRun,
          load: () => import('../flow/prune.ts'),
          work: ({ prune }, env) => prune(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift prune --dry-run
  sealift prune
  sealift prune --keep 3f1c09ab            # 8 digits or more of the seal id
`;

const QUESTIONS = `
How do I free disk space?
  sealift prune --dry-run says which candidates would go, sealift prune removes
  them. The live one, the one before it, what was built last, and what --keep
  names stay. Reports are in storage_reports/history: remove what you like.
`;
