/** sealift prune */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly keep: readonly string[];
  readonly damaged?: boolean;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly json?: boolean;
}

export function pruneCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('prune')
    .description('remove candidates except the live one, the one before, and the one built last')
    .summary('remove candidates that are no longer needed')
    .option('--project <dir>', 'folder of the project', '.')
    .option(
      '--keep <seal-id>',
      'another candidate to keep (8 digits or more); repeatable',
      (id: string, before: readonly string[]) => [...before, id],
      [],
    )
    .option('--damaged', 'also remove folders that only have the name of a candidate')
    .addOption(dryRunOption())
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const dryRun = options.dryRun === true;
      const { project, keep } = options;
      const damaged = options.damaged === true;
      const work = { project, keep, damaged, dryRun, who: options.who ?? null };
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
  sealift prune --dry-run lists the candidates to remove; sealift prune removes
  them. It keeps the live one, the one before it, the one built last, and those
  of --keep. Reports are in storage_reports/history; delete any of them.
`;
