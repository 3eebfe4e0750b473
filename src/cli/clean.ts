/** sealift clean */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly json?: boolean;
}

export function cleanCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('clean')
    .description('remove the links v1 and latest-*, and what killed runs have left over')
    .summary('remove links and leftovers, and nothing else')
    .addOption(dryRunOption())
    .addOption(whoOption())
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const { project, who = null } = options;
      const work = { project, dryRun: options.dryRun === true, who };
      await runFlow(
        {
          name: 'clean',
          kind: 'action',
          report: false,
          load: () => import('../flow/clean.ts'),
          work: ({ clean }, env) => clean(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift clean --dry-run
  sealift clean --who ada
`;

const QUESTIONS = `
What does it remove?
  Links, and what killed runs have left over. Sealed candidates are removed by
  sealift prune alone. What is live stays live.
`;
